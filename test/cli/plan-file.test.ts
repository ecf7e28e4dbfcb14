import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlanFile } from '../../lib/cli/plan-file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proctor-plan-file-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const good = (name: string) => `name: ${name}
project: shop
executor:
  type: command
  directory: tests
  command: npm test
rerun: { max: 1 }
`;

// Each is a file as people break it, and every line that is said of it.
const broken: readonly (readonly [string, string, readonly string[]])[] = [
  ['a tab', 'name: a\nexecutor:\n\ttype: command\n', ['3:1: is indented by a tab; use blanks']],
  ['an open brace', 'name: a\nexecutor: { type: command\nrerun: {}\n', ['3:1: a { before is not closed; add the }']],
  ['an open quote', 'name: "a\nexecutor: {}\n', ['3:1: a quote before is not closed; add the "']],
  [
    'a colon in a text',
    'name: a: b\n',
    ['1:7: a colon too many: put a text with ": " in quotes, and begin the keys of one level in one column'],
  ],
  ['an at sign', 'name: @a\n', ['1:7: a text cannot begin with @; put it in quotes']],
  ['a glob', 'name: *a\n', ['1:7: *a stands for nothing; a text that begins with * must be in quotes']],
  ['a key twice', 'name: a\nname: b\n', ['2:1: name is there twice; leave one out']],
  ['two plans', `${good('a')}---\n${good('b')}`, ['8:1: one file holds one plan; make a file of each']],
  ['no plan', '- name: a\n', ['1:1: a plan is an object with keys, among them name and executor']],
  [
    'nothing',
    '# later\n',
    [
      '1:1: name is missing; it must be a string',
      '1:1: executor is missing; it must be an object with a type: one of command, codebuild, http, github-actions, testsigma, testinium, group',
    ],
  ],
  [
    'an unknown executor',
    'name: a\nexecutor: { type: comand, command: x }\n',
    [
      '2:13: executor.type must be one of command, codebuild, http, github-actions, testsigma, testinium, group; did you mean command?',
    ],
  ],
  [
    'unknown keys',
    `${good('a')}reruns: 1\nmachine: a\n`,
    ['8:1: reruns is no key here; did you mean rerun?', '9:1: machine is no key here; did you mean machines?'],
  ],
  [
    'wrong types',
    `name: 12\nexecutor: { type: command, command: x }\nenabled: "yes"\ndeadlines: { runSeconds: 1h }\nsuites: { name: S }\nmachines: a\nredispatch: { max: 1.5 }\nrerun: 1\n`,
    [
      '1:1: name must be a string; put it in quotes: "12"',
      '3:1: enabled must be true or false',
      '4:14: deadlines.runSeconds must be a number, without quotes and units',
      '5:1: suites must be a list; begin each item with "- "',
      '6:1: machines must be a list: [a]',
      '7:15: redispatch.max must be a whole number',
      '8:1: rerun must be an object with which, max, on',
    ],
  ],
  [
    'what is too much or too little',
    'name: ""\nexecutor: { type: command, command: x }\nrerun: { max: 99 }\nvariables: { "a b": c }\n',
    [
      '1:1: name must not be empty',
      '3:10: rerun.max must be at most 10',
      '4:14: variables.a b must be a variable name: letters, digits and _',
    ],
  ],
  [
    'a case twice',
    `${good('a')}suites:\n  - name: S\n    cases: [{ name: one }, { name: one }]\n`,
    ['10:30: suites[0].cases[1].name is used by an earlier case of this suite'],
  ],
  [
    'schedules that never fire',
    `${good('a')}schedules:\n  - { name: n, cron: "0 25 ? * * *" }\n  - { name: m, cron: daily }\n  - { name: o, cron: "0 2 ? * * *", timezone: Europe/Istambul }\n`,
    [
      '9:16: schedules[0].cron field 2 (hours): "25" is not within 0 to 23',
      '10:16: schedules[1].cron must have six fields (minutes hours day-of-month month day-of-week year) or the five of crontab, such as 0 2 ? * MON-FRI *; it has 1',
      '11:37: schedules[2].timezone must be an IANA name such as Europe/Berlin, or an offset such as GMT+01:00',
    ],
  ],
  [
    'a secret in the open',
    'name: a\nexecutor: { type: testsigma, testPlanId: 1, apiKey: hunter2 }\n',
    ['2:45: executor.apiKey must be env:NAME (embedded), ssm:/proctor/<name> or secretsmanager:proctor/<name>'],
  ],
];

test.each(broken)('%s is told by line, column, field and fix', async (_, text, told) => {
  const file = join(directory, 'plan.yaml');
  await writeFile(file, text);
  const read = await readPlanFile(file);
  const findings = 'file' in read ? [] : read;
  expect(
    findings.map(
      ({ line, column, field, message }) => `${line}:${column}: ${field === '' ? '' : `${field} `}${message}`,
    ),
  ).toEqual(told);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

test('what is no text in UTF-8, a directory, or not there', async () => {
  const file = join(directory, 'bytes.yaml');
  await writeFile(file, Buffer.from([0xff, 0xfe, 0x6e]));
  expect(await readPlanFile(file)).toMatchObject([{ message: 'is no text in UTF-8; save it as such' }]);
  expect(await readPlanFile(directory)).toMatchObject([{ message: 'is a directory; name the files in it' }]);
  expect(await readPlanFile(`${file}.none`)).toMatchObject([{ line: 1, column: 1, message: 'there is no such file' }]);
});
