// The console's page: asks /console/data every two seconds and shows what came. Everything is made by createElement,
// so that no text from the database can become markup.
import { age, element } from './elements.mjs';
import { SECTIONS } from './sections.mjs';
import { ask, awaitKey, enter, hasKey, KeyRefusedError, leave } from './session.mjs';

const POLL_MS = 2_000;
const byId = (id) => document.getElementById(id);

/** Sections are drawn anew only when what they show has changed. */
const drawn = new Map();
let isPaused = false;
let lastAt;

function draw(data) {
  for (const [id, render] of Object.entries(SECTIONS)) {
    const target = byId(id);
    const parts = [render(data, ACTIONS)].flat(3).filter((part) => part !== '');
    const next = element('div', {}, parts).innerHTML;
    if (drawn.get(id) === next) continue;
    drawn.set(id, next);
    const focused = listKeyed(target).indexOf(document.activeElement);
    const key = focused < 0 ? undefined : document.activeElement.dataset.key;
    const scrolls = new Map(
      [...target.querySelectorAll('.scroll')].map((node) => [node.dataset.key, node.scrollLeft]),
    );
    target.replaceChildren(...parts);
    for (const node of target.querySelectorAll('.scroll'))
      node.scrollLeft = scrolls.get(node.dataset.key) ?? 0;
    if (key !== undefined) returnFocus(target, key, focused);
  }
  const { version, environment, startedAt } = data.service;
  byId('service').textContent =
    `Version ${version}, environment ${environment}, this instance started ${age(Date.parse(data.at) - Date.parse(startedAt))} ago.`;
}

const listKeyed = (target) => [...target.querySelectorAll('[data-key]')];

/** What had the focus has it again; where it is gone, what is in its place, or at last the title of the section. */
function returnFocus(target, key, at) {
  const keyed = listKeyed(target);
  const next = keyed.find((node) => node.dataset.key === key) ?? keyed[Math.min(at, keyed.length - 1)];
  const title = target.closest('section')?.querySelector('h2');
  if (next === undefined) title?.setAttribute('tabindex', '-1');
  (next ?? title)?.focus();
}

async function refresh() {
  try {
    const data = await ask('/console/data');
    // The key was forgotten meanwhile.
    if (!hasKey()) return;
    lastAt = new Date();
    draw(data);
    enter();
    byId('freshness').textContent = `Read at ${lastAt.toLocaleTimeString('en-GB')}`;
    byId('freshness').className = 'soft';
  } catch (error) {
    if (error instanceof KeyRefusedError) {
      byId('freshness').textContent = '';
      leave(error.message);
      return;
    }
    byId('freshness').className = 'bad-text';
    byId('freshness').textContent = lastAt
      ? `The service does not answer; the figures are of ${lastAt.toLocaleTimeString('en-GB')}.`
      : `The service does not answer: ${error.message}`;
  }
}

function announce(text) {
  byId('announcer').textContent = text;
}

async function act(done, work) {
  try {
    const result = await work();
    announce(done(result));
  } catch (error) {
    announce(`That did not work: ${error.message}`);
  }
  await refresh();
}

const ACTIONS = {
  replay: (id) =>
    act(
      () => `Event ${id} is handed to the workers again.`,
      () => ask(`/console/dead-letters/${id}/replay`, 'POST'),
    ),
  askDoctor: () =>
    act(
      ({ isRunning }) => (isRunning ? 'An examination has begun.' : 'The last examination is recent.'),
      () => ask('/console/doctor', 'POST'),
    ),
  explain: (id) =>
    act(
      ({ plan }) =>
        plan.refusal ? `Not explained: ${plan.refusal}` : 'The plan is shown with the statement.',
      () => ask(`/console/statements/${id}/plan`, 'POST'),
    ),
};

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').textContent = isPaused ? 'Resume updates' : 'Pause updates';
  if (!isPaused) void refresh();
});

async function poll() {
  if (!isPaused && !document.hidden && hasKey()) await refresh();
  setTimeout(poll, POLL_MS);
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isPaused && hasKey()) void refresh();
});
awaitKey(() => void refresh());
if (!hasKey()) leave();
await poll();
