import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';

const require = createRequire(import.meta.url);
const packed = join(dirname(require.resolve('@sparticuz/chromium')), '../../bin');
/** Beside the package it comes from: not a directory others can write to. */
const kept = join(packed, '../../../.cache/proctor-chromium');

const fontsConf = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${kept}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${kept}/cache</cachedir></fontconfig>
`;

export interface ShippedChromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Unpacks the Chromium of the package once; its libraries and fonts come with it. For Linux on x64 only. */
export async function unpackChromium(): Promise<ShippedChromium> {
  const isThere = await access(kept).then(
    () => true,
    () => false,
  );
  if (!isThere) await unpack();
  return {
    executablePath: join(kept, 'chromium'),
    env: { LD_LIBRARY_PATH: join(kept, 'lib'), FONTCONFIG_PATH: kept },
  };
}

/** Into a directory that gets its name when it is complete: whoever is killed in between, or is the second, does no harm. */
async function unpack(): Promise<void> {
  await mkdir(dirname(kept), { recursive: true });
  const half = await mkdtemp(`${kept}-`);
  try {
    await Promise.all([
      unpackBrotli('chromium.br', join(half, 'chromium')),
      ...['al2023.tar', 'fonts.tar'].map(async (name) => {
        await unpackBrotli(`${name}.br`, join(half, name));
        await promisify(execFile)('tar', ['-xf', name], { cwd: half });
        await rm(join(half, name));
      }),
    ]);
    await chmod(join(half, 'chromium'), 0o755);
    // The package's own looks where Lambda has them.
    await writeFile(join(half, 'fonts.conf'), fontsConf);
    await rename(half, kept);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}

function unpackBrotli(name: string, to: string): Promise<void> {
  return pipeline(createReadStream(join(packed, name)), createBrotliDecompress(), createWriteStream(to));
}
