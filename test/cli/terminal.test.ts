import { expect, test } from 'vitest';
import { plain, plainLines, printable } from '../../lib/cli/terminal.ts';

const hostile = 'a\u001b[2Jb\u001b]0;title\u0007c\u009bd\r\u202ee\u0008';

test('what others wrote is one line that moves no cursor', () => {
  expect(plain(`${hostile}\nf`)).toBe('abc d e f');
  expect(plain('x'.repeat(400))).toHaveLength(300);
});

test('a message of several lines keeps them, and nothing else that a terminal obeys', () => {
  expect(plainLines(`first ${hostile}\n    second\n\nthird`)).toBe('first abc d e \n    second\n\nthird');
});

test('a file that is printed keeps its lines and tabs', () => {
  expect(printable('\ufeffa\t"b\u001b[31m"\r\nc\u009b\u0000ü')).toBe('a\t"b[31m"\r\ncü');
});
