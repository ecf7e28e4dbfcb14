/**
 * Abbreviations and what they mean here, whatever the platform makes of them: `java.time.ZoneId.SHORT_IDS` (Testsigma
 * contract 4.8). EST, MST and HST are offsets without daylight saving.
 */
export const abbreviations: ReadonlyMap<string, string> = new Map([
  ['ACT', 'Australia/Darwin'],
  ['AET', 'Australia/Sydney'],
  ['AGT', 'America/Argentina/Buenos_Aires'],
  ['ART', 'Africa/Cairo'],
  ['AST', 'America/Anchorage'],
  ['BET', 'America/Sao_Paulo'],
  ['BST', 'Asia/Dhaka'],
  ['CAT', 'Africa/Harare'],
  ['CNT', 'America/St_Johns'],
  ['CST', 'America/Chicago'],
  ['CTT', 'Asia/Shanghai'],
  ['EAT', 'Africa/Addis_Ababa'],
  ['ECT', 'Europe/Paris'],
  ['EST', '-05:00'],
  ['HST', '-10:00'],
  ['IET', 'America/Indiana/Indianapolis'],
  ['IST', 'Asia/Kolkata'],
  ['JST', 'Asia/Tokyo'],
  ['MIT', 'Pacific/Apia'],
  ['MST', '-07:00'],
  ['NET', 'Asia/Yerevan'],
  ['NST', 'Pacific/Auckland'],
  ['PLT', 'Asia/Karachi'],
  ['PNT', 'America/Phoenix'],
  ['PRT', 'America/Puerto_Rico'],
  ['PST', 'America/Los_Angeles'],
  ['SST', 'Pacific/Guadalcanal'],
  ['VST', 'Asia/Ho_Chi_Minh'],
]);

/**
 * IANA names without an area, and the zones they are links to (tz database, file `backward`). Written down because a platform
 * also knows words like these that are no IANA names, and then means by them what it likes.
 */
export const bareNames: ReadonlyMap<string, string> = new Map(
  `CET Europe/Brussels, CST6CDT America/Chicago, Cuba America/Havana, EET Europe/Athens, EST5EDT America/New_York,
  Egypt Africa/Cairo, Eire Europe/Dublin, GB Europe/London, GB-Eire Europe/London, GMT UTC, GMT+0 UTC, GMT-0 UTC, GMT0 UTC,
  Greenwich UTC, Hongkong Asia/Hong_Kong, Iceland Africa/Abidjan, Iran Asia/Tehran, Israel Asia/Jerusalem,
  Jamaica America/Jamaica, Japan Asia/Tokyo, Kwajalein Pacific/Kwajalein, Libya Africa/Tripoli, MET Europe/Brussels,
  MST7MDT America/Denver, NZ Pacific/Auckland, NZ-CHAT Pacific/Chatham, Navajo America/Denver, PRC Asia/Shanghai,
  PST8PDT America/Los_Angeles, Poland Europe/Warsaw, Portugal Europe/Lisbon, ROC Asia/Taipei, ROK Asia/Seoul,
  Singapore Asia/Singapore, Turkey Europe/Istanbul, UCT UTC, UTC UTC, Universal UTC, W-SU Europe/Moscow, WET Europe/Lisbon,
  Zulu UTC`
    .split(',')
    .map((link) => link.trim().split(' '))
    .map(([name = '', zone = '']) => [name.toUpperCase(), zone]),
);
