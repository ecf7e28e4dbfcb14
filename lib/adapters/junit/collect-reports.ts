import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { glob as findFiles } from 'tinyglobby';
import { ServiceError } from '../../core/errors.ts';

/**
 * Absolute paths of the report files in `directory` that match `glob`, sorted by path; none if none match. Links
 * are not followed. A pattern that leads out of the directory is refused, also when it does so through a link it names. Throws REPORT_UNREADABLE for those, for more than
 * 2,000 files and for more than 64 MiB in all.
 */
export async function collectReports(directory: string, glob: string): Promise<string[]> {
  // Also within braces: `{..,a}/x` is a way out, and `a..b.xml` is none.
  if (path.isAbsolute(glob) || path.win32.isAbsolute(glob) || /(?:^|[/\\{,(|!])\.\.(?:$|[/\\},)|])/.test(glob)) {
    throw new ServiceError('REPORT_UNREADABLE', 'the pattern for report files must stay inside the working directory');
  }
  if (glob.length > 1_000) throw new ServiceError('REPORT_UNREADABLE', 'the pattern for report files is too long');

  const root = await realpath(directory);
  const found = await findFiles(glob, {
    cwd: root,
    absolute: true,
    ignore: ['**/node_modules/**', '**/.git/**'],
    followSymbolicLinks: false,
    expandDirectories: false,
  });
  if (found.length > maxFiles) {
    throw new ServiceError(
      'REPORT_UNREADABLE',
      `${found.length} files match the report pattern, at most ${maxFiles} may`,
    );
  }

  let totalBytes = 0;
  for (const file of found) {
    if (!(await realpath(file)).startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
      throw new ServiceError(
        'REPORT_UNREADABLE',
        `the report ${path.basename(file)} lies outside the working directory`,
      );
    }
    totalBytes += (await stat(file)).size;
    if (totalBytes > maxTotalBytes) {
      throw new ServiceError('REPORT_UNREADABLE', `the report files are larger than ${maxTotalBytes} bytes together`);
    }
  }
  return found.sort();
}

const maxFiles = 2_000;
const maxTotalBytes = 64 * 1024 * 1024;
