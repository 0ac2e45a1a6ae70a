/// <reference lib="dom" />
import type { Browser, Page } from 'puppeteer-core';
import { TEST_KEY } from './test-service';

/** The text of a part of the page. */
export const readText = (page: Page, selector: string) =>
  page.$eval(selector, (node) => node.textContent ?? '');

/** The page as it is once it has its first figures. */
export async function openConsole(browser: Browser, url: string, width = 1_280): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  await showFigures(page, url);
  return page;
}

/** As whoever is on call does it. */
export async function giveKey(page: Page, key: string): Promise<void> {
  await page.type('#key', key);
  await page.keyboard.press('Enter');
}

export async function showFigures(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/console`);
  await page.waitForSelector('#login:not([hidden])');
  await giveKey(page, TEST_KEY);
  await page.waitForSelector('main:not([hidden])');
}
