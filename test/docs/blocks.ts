import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Of its first line of text. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** What people read: the guides, and what stands beside the examples. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync(['docs/*.md', 'examples/**/README.md'], { ignore: '**/node_modules/**' }).toSorted(),
];

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | undefined;
  readFileSync(document, 'utf8')
    .split('\n')
    .forEach((text, i) => {
      const [, language] = /^```(\S*)/.exec(text) ?? [];
      if (open === undefined && language !== undefined) open = { line: i + 2, language, lines: [] };
      else if (open !== undefined && text === '```') {
        blocks.push({ document, line: open.line, language: open.language, text: open.lines.join('\n') });
        open = undefined;
      } else open?.lines.push(text);
    });
  if (open !== undefined) throw new Error(`${document}:${open.line - 1}: the block is not closed`);
  return blocks;
}

/** The file a block is, if its first line says so: `# plan.yaml`. */
export function fileOf({ text }: Block): string | undefined {
  return /^# ([\w./-]+\.[a-z]+)$/m.exec(text.split('\n', 1)[0] ?? '')?.[1];
}

/** True of a block of commands, false of a file. */
export function isSession(block: Block): boolean {
  return /^(?:console|sh)$/.test(block.language) && fileOf(block) === undefined;
}
