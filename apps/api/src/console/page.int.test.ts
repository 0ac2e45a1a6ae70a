/// <reference lib="dom" />
import { createDataSource, newId } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { Browser } from 'puppeteer-core';
import { chromium, openBrowser } from '../test/browser';
import { openConsole, readText, showFigures } from '../test/console-page';
import { migrate } from '../test/migrate';
import { openService, openServiceOnTestDatabase } from '../test/test-service';

const describeIfBrowser = chromium === undefined ? describe.skip : describe;

describeIfBrowser('the console in a browser', () => {
  let browser: Browser;
  let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
  let letter: string;

  beforeAll(async () => {
    browser = await openBrowser();
    service = await openServiceOnTestDatabase();
    const { body } = await service.post('/v1/events', {
      aggregateType: 'order',
      aggregateId: newId(),
      expectedVersion: 0,
      events: [
        { eventType: 'order.placed', payload: { cents: 1_200 } },
        { eventType: 'order.<b>bold</b>', payload: {} },
      ],
    });
    letter = body.events[1].id;
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: service.database.url }));
    await dataSource.query(
      `update events set retry_count = 5, last_error = 'The receiver answered 503' where id = $1`,
      [letter],
    );
    await closeDataSource(dataSource);
    for (const path of ['/v1/organizations?externalId=github:1', '/v1/events?type=order.placed']) {
      await service.get(path);
    }
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  it('shows the figures of the service, and nothing breaks its policy', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await showFigures(page, service.url);
    const { body: data } = await service.get('/console/data');
    const overview = await readText(page, '#overview');
    expect(overview).toContain(`PostgreSQL ${data.database.value.version}`);
    expect(overview).toMatch(/Pool\d+ of 3 used/);
    expect(overview).toContain('Circuitclosed');
    expect(await readText(page, '#migrations')).toContain(
      `${data.migrations.value.applied} applied, 0 pending`,
    );
    expect(await readText(page, '#admission')).toMatch(/appends0641/);
    expect(await readText(page, '#events')).toContain('1 event waits');
    expect(await page.$$eval('#pool svg polyline', (lines) => lines.length)).toBe(3);
    // A text from the database is a text, whatever it says.
    expect(await readText(page, '#letters')).toContain('order.<b>bold</b>');
    expect(await page.$('#letters b')).toBeNull();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('has one main heading, landmarks, and a title for every section', async () => {
    const page = await openConsole(browser, service.url);
    const counts = await page.evaluate(() => ({
      h1: document.querySelectorAll('h1').length,
      landmarks: ['header', 'main', 'footer'].map((name) => document.querySelectorAll(name).length),
      untitled: [...document.querySelectorAll('section')].filter(
        (section) => !document.getElementById(section.getAttribute('aria-labelledby') ?? '')?.textContent,
      ).length,
      unnamed: [...document.querySelectorAll('button')].filter(
        (button) => !(button.getAttribute('aria-label') ?? button.textContent),
      ).length,
    }));
    expect(counts).toEqual({ h1: 1, landmarks: [1, 1, 1], untitled: 0, unnamed: 0 });
    await page.close();
  });

  it('lets the keyboard reach every control, and shows where it is', async () => {
    const page = await openConsole(browser, service.url);
    const countControls = () =>
      page.$$eval('a, button, summary', (nodes) => nodes.filter((node) => node.checkVisibility()).length);
    const reachAll = async () => {
      // From the top, with the key that was given.
      await page.reload();
      await page.waitForSelector('main:not([hidden])');
      const controls = await countControls();
      const reached = new Set<string>();
      let isVisible = true;
      for (let press = 0; press < controls + 10; press++) {
        await page.keyboard.press('Tab');
        const focus = await page.evaluate(() => {
          const node = document.activeElement;
          if (node === null || node === document.body) return undefined;
          const all = [...document.querySelectorAll('a, button, summary')];
          return { at: all.indexOf(node), outline: getComputedStyle(node).outlineStyle };
        });
        if (focus === undefined) break;
        if (focus.at >= 0) reached.add(String(focus.at));
        isVisible &&= focus.outline !== 'none';
      }
      // What is told on the page may bring another control while the keyboard is on its way.
      return { controls, isSettled: (await countControls()) === controls, reached: reached.size, isVisible };
    };
    let walk = await reachAll();
    while (!walk.isSettled) walk = await reachAll();
    expect(walk).toMatchObject({ reached: walk.controls, isVisible: true });
    await page.close();
  });

  it('keeps the focus while its figures change', async () => {
    const page = await openConsole(browser, service.url);
    await page.focus('[data-key^="plan-"]');
    const readKey = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.key);
    const key = await readKey();
    const before = await readText(page, '#statements');
    await service.get('/v1/organizations?externalId=github:1');
    await page.waitForFunction(
      (old) => document.querySelector('#statements')?.textContent !== old,
      {},
      before,
    );
    expect(await readKey()).toBe(key);
    await page.close();
  });

  it('explains a statement, by the keyboard', async () => {
    const page = await openConsole(browser, service.url);
    await page.evaluate(() => {
      const row = [...document.querySelectorAll('#statements tbody tr')].find((tr) =>
        /"external_id"\)? = /.test(tr.textContent ?? ''),
      );
      row?.querySelector('button')?.focus();
    });
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('#statements')?.textContent?.includes('idx_organizations_external_id'),
    );
    expect(await readText(page, '#announcer')).toContain('The plan is shown');
    await page.close();
  });

  it('examines the indexes at the press of a button', async () => {
    const page = await openConsole(browser, service.url);
    await page.click('[data-key="doctor-ask"]');
    await page.waitForFunction(() =>
      /checks? found/.test(document.querySelector('#doctor')?.textContent ?? ''),
    );
    expect(await readText(page, '#doctor')).toMatch(/Examined \d+ s ago/);
    expect(await page.$eval('[data-key="doctor-ask"]', (node) => node.getAttribute('aria-disabled'))).toBe(
      'true',
    );
    await page.close();
  });

  it('replays a dead letter by the keyboard, says so, and leaves the focus where it was', async () => {
    const page = await openConsole(browser, service.url);
    await page.focus(`[data-key="replay-${letter}"]`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      document.querySelector('#letters')?.textContent?.includes('No event has used up its attempts'),
    );
    expect(await readText(page, '#announcer')).toContain(`${letter} is handed to the workers again`);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('letters-title');
    expect((await service.get('/console/data')).body.events.value).toMatchObject({ waiting: 2, dead: 0 });
    await page.close();
  });

  it.each([360, 768, 1_600])(
    'fits %d px without scrolling sideways, every button in sight',
    async (width) => {
      const page = await openConsole(browser, service.url, width);
      const { overflow, outside } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const buttons = [...document.querySelectorAll('main button')];
        return {
          overflow: scrollWidth - clientWidth,
          outside: buttons.filter((one) => one.getBoundingClientRect().right > clientWidth).length,
        };
      });
      expect({ overflow, outside }).toEqual({ overflow: 0, outside: 0 });
      await page.close();
    },
  );

  it('is light or dark as the system is, and readable in both', async () => {
    const page = await openConsole(browser, service.url);
    const read = async (value: 'light' | 'dark') => {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      return page.evaluate(() => {
        const luminance = (color: string) => {
          const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
            const share = Number(part) / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const groundOf = (node: Element | null): string => {
          for (let at = node; at !== null; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (!/, 0\)$/.test(color)) return color;
          }
          return 'rgb(255, 255, 255)';
        };
        const texts = [...document.querySelectorAll('h1, h2, p, b, span, th, td, button, code, a, li')];
        const ratios = texts.map((node) => {
          const pair = [getComputedStyle(node).color, groundOf(node)].map(luminance).sort((a, b) => b - a);
          return ((pair[0] ?? 0) + 0.05) / ((pair[1] ?? 0) + 0.05);
        });
        return {
          page: luminance(getComputedStyle(document.body).backgroundColor),
          worst: Math.min(...ratios),
        };
      });
    };
    const [light, dark] = [await read('light'), await read('dark')];
    expect(light.page).toBeGreaterThan(0.8);
    expect(dark.page).toBeLessThan(0.05);
    // WCAG 2.2, 1.4.3.
    expect(light.worst).toBeGreaterThanOrEqual(4.5);
    expect(dark.worst).toBeGreaterThanOrEqual(4.5);
    await page.close();
  });

  it('says without JavaScript what it needs, and where the figures are', async () => {
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(`${service.url}/console`);
    const [text, shown] = [await readText(page, 'noscript'), await page.$('main[hidden]')];
    expect(text).toMatch(/needs JavaScript.*\/console\/data/s);
    expect(shown).not.toBeNull();
    await page.close();
  });
});

describeIfBrowser('the console in a browser, while the database is down', () => {
  it('says in every part what could not be read, and recovers', async () => {
    const server = await openTemporaryServer();
    await migrate(server.url);
    const service = await openService(server.url, { DATABASE_POOL_ACQUIRE_MS: '200' });
    const browser = await openBrowser();
    try {
      const page = await openConsole(browser, service.url);
      const waitFor = (pattern: string) =>
        page.waitForFunction(
          (source) => new RegExp(source).test(document.querySelector('#overview')?.textContent ?? ''),
          {},
          pattern,
        );
      await waitFor('Databaseanswers');
      await server.halt('immediate');
      await waitFor('DatabaseTrouble: no answer.*Events waitingTrouble: unknown.*MigrationsTrouble: unknown');
      for (const part of ['#events', '#migrations']) {
        expect(await readText(page, part)).toContain('Could not be read');
      }
      expect(await page.$('#pool svg')).not.toBeNull();
      await server.resume();
      await waitFor('Databaseanswers.*Migrationsall applied');
      await service.close();
      await page.waitForFunction(() =>
        document.querySelector('#freshness')?.textContent?.includes('does not answer'),
      );
    } finally {
      await browser.close();
      await service.close();
      await server.stop();
    }
  });
});
