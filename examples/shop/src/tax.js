const percents = { Germany: 19, Turkey: 20, Japan: 10 };

/** The tax on a net amount in cents, rounded half up. */
export function taxOn(net, country) {
  const percent = percents[country];
  if (percent === undefined) throw new RangeError(`no tax is known for ${country}`);
  return Math.round((net * percent) / 100);
}
