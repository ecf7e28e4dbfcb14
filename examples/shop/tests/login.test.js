import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAccounts } from '../src/login.js';

describe('Login', () => {
  it('welcomes with the right password', async () => {
    await sleep(60);
    assert.equal(accountsWithAda().login('ada@example.com', 'engine'), 'welcome');
  });

  it('refuses a wrong password', async () => {
    await sleep(50);
    assert.equal(accountsWithAda().login('ada@example.com', 'loom'), 'refused');
  });

  it('locks after three wrong passwords', async () => {
    const accounts = accountsWithAda();
    for (const guess of ['a', 'b', 'c']) accounts.login('ada@example.com', guess);
    await sleep(80);
    assert.equal(accounts.login('ada@example.com', 'engine'), 'locked');
  });
});

function accountsWithAda() {
  const accounts = createAccounts();
  accounts.register('ada@example.com', 'engine');
  return accounts;
}
