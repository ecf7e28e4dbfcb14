import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { unpackChromium } from './shipped-chromium.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * A Chromium without a window: the one PROCTOR_CHROMIUM names, else the machine's, else the one a development dependency
 * ships with the libraries it needs, so that a machine that has none runs these tests too.
 */
export async function startBrowser(): Promise<Browser> {
  const named = process.env.PROCTOR_CHROMIUM;
  const executablePath = named === 'shipped' ? undefined : (named ?? (await findInPath()));
  if (executablePath !== undefined) return chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const shipped = await unpackChromium();
  return chromium.launch({
    executablePath: shipped.executablePath,
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu'],
    env: { ...process.env, ...shipped.env },
  });
}

async function findInPath(): Promise<string | undefined> {
  const directories = (process.env.PATH ?? '').split(delimiter);
  for (const name of names) {
    for (const directory of directories) {
      const file = join(directory, name);
      const isThere = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return file;
    }
  }
  return undefined;
}
