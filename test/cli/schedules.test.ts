import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.close());

/** Runs it and expects that it worked. */
async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await line.proctor(['schedules', ...args]);
  expect(code, stderr).toBe(0);
  return stdout;
}

test('a schedule is made, listed, shown, paused, resumed and deleted, by its id or its name', async () => {
  const timing = ['--cron', '0 2 ? * MON-FRI *', '--timezone', 'Europe/Istanbul'];
  const made = await succeed(
    'create',
    'nightly',
    '--plan',
    'storefront',
    ...timing,
    '--var',
    'A=b',
    '--overlap',
    'queue',
  );
  const id = made.trim();
  expect(made).toMatch(/^\d+\n$/);
  expect(await line.call('GET', `/v1/schedules/${id}`)).toMatchObject({
    planId: 3857,
    cron: '0 2 ? * MON-FRI *',
    timezone: 'Europe/Istanbul',
    variables: { A: 'b' },
    overlap: 'queue',
    status: 'active',
  });
  expect(await succeed('list', '--plan', 'storefront')).toMatch(
    new RegExp(`^${id} +3857 +nightly +cron 0 2 \\? \\* MON-FRI \\* +Europe/Istanbul +active +\\d{4}-`, 'm'),
  );
  expect(await succeed('show', 'nightly')).toMatch(/^from +a request$/m);
  expect(JSON.parse(await succeed('pause', 'nightly', '--json'))).toMatchObject({ status: 'paused', nextAt: null });
  expect(JSON.parse(await succeed('resume', id, '--json'))).toMatchObject({ status: 'active' });
  expect(await succeed('occurrences', id)).toBe('SCHEDULED  STATE  RUN  WHY\n');
  expect(await succeed('delete', id)).toBe('');
  expect(await succeed('list', '--json')).toBe('[]\n');
  const gone = await line.proctor(['schedules', 'show', 'nightly']);
  expect(gone).toMatchObject({ code: 4, stdout: '' });
  expect(gone.stderr).toContain('there is none yet');
});

test('one that is made paused fires nothing, and a name of two schedules is refused with their ids', async () => {
  const timing = ['--rate', '1 day', '--paused'];
  const first = (await succeed('create', 'twice', '--plan', '3857', ...timing)).trim();
  const second = (await succeed('create', 'twice', '--plan', '3857', ...timing)).trim();
  expect(JSON.parse(await succeed('show', first, '--json'))).toMatchObject({ status: 'paused', nextAt: null });
  const { code, stderr } = await line.proctor(['schedules', 'pause', 'twice']);
  expect(code).toBe(4);
  expect(stderr).toContain(`${first} of plan 3857, ${second} of plan 3857`);
});

test('a preview shows both clocks and what happens when they change', async () => {
  const spring = ['--every', 'day', '--at', '2027-03-27T02:30', '--timezone', 'Europe/Berlin', '--count', '3'];
  expect((await succeed('preview', ...spring)).trimEnd().split('\n')).toEqual([
    'every day from 2027-03-27T02:30  Europe/Berlin',
    'LOCAL                       UTC                   NOTE',
    '2027-03-27T02:30:00 +01:00  2027-03-27T01:30:00Z',
    '2027-03-28T03:00:00 +02:00  2027-03-28T01:00:00Z  moved: the clock skips its time that day; the clock has changed, from +01:00',
    '2027-03-29T02:30:00 +02:00  2027-03-29T00:30:00Z',
  ]);
  const autumn = ['--daily', '02:30', '--starts-at', '2027-10-30T12:00:00Z', '--timezone', 'Europe/Berlin'];
  const { occurrences } = JSON.parse(await succeed('preview', ...autumn, '--count', '2', '--json'));
  expect(occurrences).toMatchObject([
    { at: '2027-10-31T00:30:00.000Z', offset: '+02:00', kind: 'fold' },
    { at: '2027-11-01T01:30:00.000Z', offset: '+01:00', kind: 'normal' },
  ]);
  expect(await succeed('preview', ...autumn, '--count', '1')).toContain(
    'occurs twice that day: fires the first time only',
  );
});

test('a preview of a schedule tells with which others of the plan it clashes', async () => {
  const noon = (await succeed('create', 'noon', '--plan', '3857', '--daily', '12:00')).trim();
  const meets = await succeed('preview', '--plan', 'storefront', '--daily', '12:00', '--count', '1');
  expect(meets).toContain(`meets schedule ${noon} (noon) at `);
  expect((await succeed('preview', 'noon', '--count', '4')).trimEnd().split('\n')).toHaveLength(6);
});

test('what is wrong with a timing is refused by its name', async () => {
  for (const [args, said] of [
    [['--cron', '0 2 * * *', '--rate', '1 day'], 'rate: cannot go with cron'],
    [['--cron', 'every day'], 'cron'],
    [['--daily', '25:00'], 'must be a wall time'],
    [['--daily', '02:30', '--timezone', 'Europe/Nowhere'], 'timezone: must be an IANA name'],
    [['12', '--daily', '02:30'], 'not both'],
  ] as const) {
    const refused = await line.proctor(['schedules', 'preview', ...args]);
    expect({ code: refused.code, stdout: refused.stdout }, refused.stderr).toEqual({ code: 4, stdout: '' });
    expect(refused.stderr).toContain(said);
  }
});
