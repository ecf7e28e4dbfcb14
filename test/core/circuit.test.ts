import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAccepted,
  afterFailure,
  afterHold,
  type Circuit,
  claimProbe,
  failuresToOpen,
  passageOf,
  probeMs,
  targetOf,
} from '../../lib/core/circuit.ts';
import type { ExecutorSettings } from '../../lib/core/executor-settings.ts';

const start = 1_000_000;

/** Failures of so many attempts, a second apart. */
function failing(times: number, kind: Circuit['kind'] = 'dispatch'): Circuit | undefined {
  let circuit: Circuit | undefined;
  for (let i = 0; i < times; i++) circuit = afterFailure(circuit, kind, `run-${i}-a1`, start + i * 1000) ?? circuit;
  return circuit;
}

/** One that is open, after so many tries more that failed as well. */
function opened(tries = 0, kind: Circuit['kind'] = 'dispatch'): Circuit {
  let circuit = failing(failuresToOpen, kind) as Circuit;
  for (let i = 0; i < tries; i++) {
    const at = circuit.openUntil ?? 0;
    circuit = afterFailure(claimProbe(circuit, 'run-9-a1', at), kind, 'run-9-a1', at) as Circuit;
  }
  return circuit;
}

describe('a circuit', () => {
  test('lets everything pass before three attempts in a row failed', () => {
    expect(passageOf(undefined, start)).toEqual({ next: 'go' });
    for (let times = 1; times < failuresToOpen; times++) {
      expect(passageOf(failing(times), start + 60_000)).toEqual({ next: 'go' });
    }
    expect(passageOf(failing(failuresToOpen), start + 3000)).toEqual({ next: 'wait', seconds: 30 });
  });

  test('stays open 30 s, 1, 2 and then 5 minutes, as long as each try fails', () => {
    const seconds = [0, 1, 2, 3, 4, 5].map((tries) => {
      const { openUntil = 0, lastAt } = opened(tries);
      return (openUntil - lastAt) / 1000;
    });
    expect(seconds).toEqual([30, 60, 120, 300, 300, 300]);
  });

  test('lets one attempt try it after that time, and the next when that one says nothing', () => {
    const circuit = opened();
    const at = circuit.openUntil ?? 0;
    expect(passageOf(circuit, at - 1)).toMatchObject({ next: 'wait' });
    expect(passageOf(circuit, at)).toEqual({ next: 'probe' });
    const claimed = claimProbe(circuit, 'run-9-a1', at);
    expect(passageOf(claimed, at + 1)).toEqual({ next: 'wait', seconds: 15 });
    expect(passageOf(claimed, at + probeMs)).toEqual({ next: 'probe' });
  });

  test('learns nothing from those that fail late because of what opened it', () => {
    expect(afterFailure(opened(), 'dispatch', 'run-7-a1', start + 5000)).toBeUndefined();
  });

  test('forgets its failures when an executor nobody reached takes an attempt', () => {
    expect(afterAccepted(opened())).toMatchObject({ failures: 0, opened: 0 });
    expect(passageOf(afterAccepted(opened()), start)).toEqual({ next: 'go' });
    expect(afterAccepted(afterAccepted(opened()) as Circuit)).toBeUndefined();
    expect(afterAccepted(failing(1) as Circuit)).toMatchObject({ failures: 0 });
  });

  test('of an executor that loses attempts is closed on probation: the next loss opens it for longer', () => {
    expect(afterAccepted(failing(2, 'attempt') as Circuit)).toBeUndefined();
    const closed = afterAccepted(opened(0, 'attempt')) as Circuit;
    expect(passageOf(closed, start)).toEqual({ next: 'go' });
    const again = afterFailure(closed, 'attempt', 'run-8-a1', start + 60_000) as Circuit;
    expect((again.openUntil ?? 0) - (start + 60_000)).toBe(60_000);
  });

  test('stays open as long as the executor asks for, and no longer the next time', () => {
    const circuit = opened();
    const held = afterHold(claimProbe(circuit, 'run-9-a1', start + 40_000), 90, start + 40_000);
    expect(held).toMatchObject({ openUntil: start + 130_000, opened: circuit.opened });
    expect(passageOf(held, start + 130_000)).toEqual({ next: 'probe' });
  });

  test('counts failures that are more than an hour apart as no row', () => {
    const old = failing(failuresToOpen - 1);
    expect(afterFailure(old, 'dispatch', 'run-9-a1', start + 2 * 3_600_000)).toMatchObject({ failures: 1 });
  });

  test('always lets someone through in the end, and moves its version with every change', () => {
    const anyStep = fc.record({ fails: fc.boolean(), kind: fc.constantFrom('dispatch' as const, 'attempt' as const) });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        let circuit: Circuit | undefined;
        let now = start;
        for (const { fails, kind } of steps) {
          const passage = passageOf(circuit, now);
          if (passage.next === 'wait') {
            expect(passage.seconds).toBeLessThanOrEqual(60);
            now = Math.max(circuit?.openUntil ?? 0, circuit?.probeUntil ?? 0);
            expect(passageOf(circuit, now).next).toBe('probe');
            continue;
          }
          const version: number = circuit?.version ?? 0;
          if (passage.next === 'probe' && circuit !== undefined) circuit = claimProbe(circuit, 'me', now);
          const next: Circuit | undefined = fails
            ? afterFailure(circuit, kind, 'me', now)
            : circuit && afterAccepted(circuit);
          circuit = next ?? circuit;
          if (next !== undefined) expect(next.version).toBeGreaterThan(version);
          if (circuit?.openUntil !== undefined && fails) expect(circuit.openUntil - now).toBeLessThanOrEqual(300_000);
        }
      }),
    );
  });
});

describe('the target of an executor', () => {
  const http = (url: string, change: object = {}): ExecutorSettings => ({
    type: 'http',
    url,
    selects: 'nothing',
    ...change,
  });

  test('is the host, whatever a plan runs there', () => {
    const target = targetOf(http('https://runner.example/checkout'));
    expect(target?.name).toBe('http runner.example');
    expect(targetOf(http('https://runner.example/search', { selects: 'cases' }))).toEqual(target);
    expect(targetOf(http('https://other.example/checkout'))?.id).not.toBe(target?.id);
    expect(targetOf(http('https://runner.example:8443/checkout'))?.id).not.toBe(target?.id);
  });

  test('is the project, repository or tenant and as whom, whatever runs there', () => {
    const tenant = {
      type: 'testinium',
      url: 'https://cloud.example',
      variant: 'cloud',
      planId: 1,
      company: 7,
    } as const;
    const as = (change: object) => targetOf({ ...tenant, username: 'ci', ...change } as ExecutorSettings)?.id;
    expect(as({ planId: 2 })).toBe(as({}));
    expect(new Set([as({}), as({ company: 8 }), as({ username: 'qa' })]).size).toBe(3);
    const repository = (name: string, workflow: string) =>
      targetOf({ type: 'github-actions', repository: name, workflow } as ExecutorSettings);
    expect(repository('shop/web', 'test.yml')).toEqual(repository('shop/web', 'nightly.yml'));
    expect(repository('shop/web', 'test.yml')?.name).toBe('github-actions shop/web');
  });

  test('names no secret', () => {
    const target = targetOf({ ...http('https://user:pw@runner.example/?token=abc'), apiKey: 'env:KEY' } as never);
    expect(target?.name).toBe('http runner.example');
    expect(target?.id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('is none for what runs in this process', () => {
    expect(targetOf({ type: 'command', command: 'true', directory: '.' })).toBeUndefined();
    expect(targetOf({ type: 'group', children: [1] })).toBeUndefined();
  });
});
