import { scryptSync, timingSafeEqual } from 'node:crypto';

/** Accounts by mail address; three wrong passwords in a row lock one. */
export function createAccounts() {
  const accounts = new Map();
  return {
    register(mail, password) {
      accounts.set(mail, { hash: hash(mail, password), failures: 0 });
    },
    login(mail, password) {
      const account = accounts.get(mail);
      if (account === undefined) return 'unknown';
      if (account.failures >= 3) return 'locked';
      const matches = timingSafeEqual(account.hash, hash(mail, password));
      account.failures = matches ? 0 : account.failures + 1;
      return matches ? 'welcome' : 'refused';
    },
  };
}

function hash(mail, password) {
  return scryptSync(password, mail, 32, { N: 1024 });
}
