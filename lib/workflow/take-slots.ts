import type { Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import { type SlotKey, type SlotNeed, slotsFor } from '../core/slots.ts';
import { callWaiters } from './give-back-slots.ts';
import { lookForSlots, type SlotView } from './look-for-slots.ts';

/** Looks at the sets in one go: before the run waits in them, and after. */
const looks = 2;

/**
 * Takes every slot the run needs, or none (E21 before E14). Answers the run if it has to wait, and undefined if it has them
 * or was changed by others: then decide again. Two processes that do this for one run cannot both believe they have them, and
 * neither takes away what the other got: each try is a version of the run, and what it took is marked with that version.
 */
export async function takeSlots(services: Services, run: Run, needs: readonly SlotNeed[]): Promise<Run | undefined> {
  let current = run;
  for (let look = 0; look < looks; look++) {
    const views = await lookForSlots(services, run.id, needs);
    const full = views.filter(({ room }) => !room);
    if (full.length > 0) {
      if (waitsAlready(current, views, full)) return current;
      const waiting = await startWaiting(services, current, views, full);
      if (waiting === undefined) return undefined;
      current = waiting;
      continue;
    }
    const began = await services.runs.beginSlots(current, keysOf(current, needs));
    if (began === undefined) return undefined;
    const refused = await takeAll(services, began, views);
    if (refused === undefined) {
      const now = services.now();
      const deadlineAt = now + run.deadlines.startSeconds * 1000;
      const held = await services.runs.holdSlots(began, { deadlineAt, nextActionAt: now + 60_000 });
      if (held === undefined) await giveUp(services, began, needs);
      return undefined;
    }
    const waiting = await startWaiting(services, began, views, [refused]);
    if (waiting === undefined) {
      await giveUp(services, began, needs);
      return undefined;
    }
    current = waiting;
  }
  return current;
}

/** E21 in ascending order; the first that was refused, or undefined. */
export async function takeAll(services: Services, run: Run, views: readonly SlotView[]): Promise<SlotView | undefined> {
  for (const view of views) {
    const ahead = view.need.slots - slotsFor(view.set, run.id, view.need.slots);
    if (!(await services.slots.takeSlot(view.need, run.id, run.version, ahead))) return view;
  }
  return undefined;
}

/**
 * Says what the run waits for, gives back what it has, and joins those that wait: there a slot is kept for it, or younger runs
 * that need one set only would keep it waiting for ever. First its own item: who calls it looks there.
 */
async function startWaiting(
  services: Services,
  run: Run,
  views: readonly SlotView[],
  full: readonly SlotView[],
): Promise<Run | undefined> {
  const needs = views.map(({ need }) => need);
  const waiting = await services.runs.waitForSlots(run, {
    slots: keysOf(run, needs),
    waitsForSlots: full.map(({ need }) => need.key),
    deadlineAt: run.createdAt + run.deadlines.queueSeconds * 1000,
    nextActionAt: services.now() + 60_000,
  });
  if (waiting === undefined) return undefined;
  await giveUp(services, waiting, needs);
  const places = placesOf(needs);
  for (const { key } of needs) {
    if (places.has(key)) await services.slots.waitForSlot(key, run.id);
    else await services.slots.stopWaiting(key, run.id);
  }
  // It may have ended, and left the sets, just before it joined them.
  const after = await services.runs.getRun(run.id);
  if (after?.status === 'queued' && after.waitsForSlots !== undefined) return after;
  for (const { key } of needs) await services.slots.stopWaiting(key, run.id);
  return undefined;
}

/**
 * Where it waits: in every set, so that a slot is kept for it in each. For a set that has none at all, a disabled environment's,
 * nothing is kept elsewhere.
 */
function placesOf(needs: readonly SlotNeed[]): ReadonlySet<SlotKey> {
  const closed = needs.filter(({ slots }) => slots === 0);
  return new Set((closed.length > 0 ? closed : needs).map(({ key }) => key));
}

/** Gives back what tries up to this one took. It is the newest, so none before it can still succeed. */
async function giveUp(services: Services, run: Run, needs: readonly SlotNeed[]): Promise<void> {
  for (const { key } of needs) {
    const left = await services.slots.untakeSlot(key, run.id, run.version);
    if (left !== undefined) await callWaiters(services, key, left);
  }
}

/** It looked before and nothing is new: it costs no write to look again. */
function waitsAlready(run: Run, views: readonly SlotView[], full: readonly SlotView[]): boolean {
  const known = new Set<SlotKey>(run.waitsForSlots);
  const same = known.size === full.length && full.every(({ need }) => known.has(need.key));
  const places = placesOf(views.map(({ need }) => need));
  return (
    same && views.every(({ need, set }) => set.waiting.has(run.id) === places.has(need.key) && !set.holders.has(run.id))
  );
}

/** Also the sets it needed by the limits of an earlier look. */
function keysOf(run: Run, needs: readonly SlotNeed[]): SlotKey[] {
  return [...new Set([...(run.slots ?? []), ...needs.map(({ key }) => key)])];
}
