/// <reference lib="dom" />
import type { Browser } from 'puppeteer-core';
import { chromium, openBrowser } from '../test/browser';
import { giveKey, readText } from '../test/console-page';
import { openServiceOnTestDatabase, TEST_KEY } from '../test/test-service';

const describeIfBrowser = chromium === undefined ? describe.skip : describe;

describeIfBrowser('the key of the console in a browser', () => {
  let browser: Browser;
  let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
  beforeAll(async () => {
    browser = await openBrowser();
    service = await openServiceOnTestDatabase();
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  it('is asked for, with what is wrong with another, and kept for this tab alone', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${service.url}/console`);
    await page.waitForSelector('#login:not([hidden])');
    expect(await page.$('main[hidden]')).not.toBeNull();
    const waitFor = (pattern: string) =>
      page.waitForFunction(
        (source) =>
          new RegExp(source).test(document.querySelector('#login-refusal')?.textContent ?? '') &&
          document.activeElement?.id === 'key',
        {},
        pattern,
      );
    await giveKey(page, 'hf_test_mistyped');
    await waitFor('The key is unknown, revoked or has expired');
    const { body: user } = await service.post('/v1/users', {});
    const weak = await service.post('/v1/api-keys', { userId: user.id, name: 'weak', scopes: ['read'] });
    await giveKey(page, weak.body.key);
    await waitFor('must have the scope operate');
    await giveKey(page, TEST_KEY);
    await page.waitForSelector('main:not([hidden])');
    await page.reload();
    await page.waitForSelector('main:not([hidden])');
    const stored = await page.evaluate(() => [localStorage.length, document.cookie, location.href]);
    expect(stored).toEqual([0, '', `${service.url}/console`]);
    await page.click('#leave');
    await page.waitForSelector('#login:not([hidden])');
    await page.reload();
    await page.waitForSelector('#login:not([hidden])');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('that is revoked meanwhile is asked for again', async () => {
    const { body: user } = await service.post('/v1/users', {});
    const key = await service.post('/v1/api-keys', { userId: user.id, name: 'gone', scopes: ['operate'] });
    const page = await browser.newPage();
    await page.goto(`${service.url}/console`);
    await page.waitForSelector('#login:not([hidden])');
    await giveKey(page, key.body.key);
    await page.waitForSelector('main:not([hidden])');
    await service.post(`/v1/api-keys/${key.body.id}/revoke`, {});
    await page.waitForSelector('#login:not([hidden])');
    expect(await readText(page, '#login-refusal')).toContain('revoked');
    await page.close();
  });
});
