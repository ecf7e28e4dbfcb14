import fc from 'fast-check';

/** Every property runs from one seed, so that a failure is the change's and not the day's; `SEED=n` tries another. */
fc.configureGlobal({ seed: Number(process.env.SEED ?? 20261123) });
