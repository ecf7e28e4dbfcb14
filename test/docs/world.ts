import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { applySamplePlan } from '../../lib/cli/sample-plan.ts';
import { createApiClient } from '../../lib/client/api-client.ts';
import { startTestSystem } from '../support/local.ts';

/** What somebody has who follows a document: a checkout, the embedded system with its sample plan, and a key. */
export interface World {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The text with the address this system has instead of the usual one. */
  localize(text: string): string;
  write(file: string, text: string): void;
  close(): Promise<void>;
}

/** `program` is what node is given to be the command line. */
export async function startWorld(program: string): Promise<World> {
  const proctor = await startTestSystem();
  const { url, adminKey } = proctor.system;
  await applySamplePlan(createApiClient(url, adminKey.token));
  const cwd = join(proctor.directory, 'checkout');
  mkdirSync(cwd);
  // Plans run beside their files, so the examples are copies. No document has a command that writes elsewhere in the checkout.
  cpSync('examples', join(cwd, 'examples'), { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const name of ['bin', 'lib', 'node_modules', 'package.json']) symlinkSync(resolve(name), join(cwd, name));
  symlinkSync(join(proctor.directory, 'data'), join(cwd, '.proctor'));
  const tools = join(proctor.directory, 'bin');
  mkdirSync(tools);
  writeFileSync(join(tools, 'proctor'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(join(tools, 'proctor'), 0o755);
  // curl ends with 0 whatever the answer is, unless it is told otherwise.
  writeFileSync(join(tools, '.curlrc'), 'fail-with-body\nno-progress-meter\nmax-time = 300\n');
  const { PATH, HOME } = process.env;
  return {
    cwd,
    env: {
      PATH: `${tools}${delimiter}${PATH}`,
      HOME,
      CURL_HOME: tools,
      PROCTOR_URL: url,
      PROCTOR_KEY: adminKey.token,
      KEY: adminKey.token,
    },
    localize: (text) => text.replaceAll(/(?:http:\/\/)?localhost:4010/g, url),
    write: (file, text) => {
      mkdirSync(dirname(join(cwd, file)), { recursive: true });
      writeFileSync(join(cwd, file), text);
    },
    // What a command started without waiting for it would go on writing.
    close: async () => {
      const stop = { method: 'PUT', body: '{"result":"STOPPED"}' };
      const { body } = await proctor.call<{ stoppedRunIds?: number[] }>('/api/v1/execution_results', stop);
      await Promise.all((body.stoppedRunIds ?? []).map((id) => proctor.completed(id)));
      await proctor.close();
    },
  };
}
