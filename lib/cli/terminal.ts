import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

/** stdout is for machines and for what was asked for, stderr tells a person how it goes. */
export interface Terminal {
  print(line: string): void;
  say(line: string): void;
  /** Of stderr. */
  readonly colors: Colors;
  /** Lines of stderr may be drawn again. */
  readonly live: boolean;
}

/** Nothing moves in CI, whose logs keep every frame. */
export function createTerminal(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const interactive = stderr.isTTY === true && env.TERM !== 'dumb';
  return {
    print: (line) => stdout.write(`${line}\n`),
    say: (line) => stderr.write(`${line}\n`),
    colors: colorsOf(stderr, env),
    live: interactive && (env.CI === undefined || env.CI === '' || env.CI === 'false'),
  };
}

/** Colours on a terminal only, and not against `NO_COLOR`: the library's own would colour the logs of CI. */
export function colorsOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Colors {
  return pc.createColors(stream.isTTY === true && env.TERM !== 'dumb' && !env.NO_COLOR);
}

/** One harmless line of text that others wrote: messages of tests hold colours, line breaks and worse. */
export function plain(text: string, most = 300): string {
  const line = harmless(stripVTControlCharacters(text)).trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

/** The same of text that has lines of its own, which stay as they are, indented and whole. */
export function plainLines(text: string): string {
  return stripVTControlCharacters(text).split('\n').map(harmless).join('\n');
}

/** A file for a terminal: all of it but what moves the cursor, colours or rings. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\r\n]|\ufeff/gu, '');
}

function harmless(line: string): string {
  return line.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
