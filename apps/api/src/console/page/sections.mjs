// What each section of the page shows of the data.
import { renderPoolChart } from './chart.mjs';
import { age, button, count, duration, element, foldable, known, table, time } from './elements.mjs';
import { renderOverview } from './overview.mjs';
import { renderDoctor, renderMigrations } from './schema-sections.mjs';

/** By the id of its place: makes the content of a section from the data and the actions that its buttons have. */
export const SECTIONS = {
  overview: renderOverview,
  pool: renderPool,
  admission: renderAdmission,
  circuit: renderCircuit,
  events: renderEvents,
  letters: renderLetters,
  statements: renderStatements,
  migrations: renderMigrations,
  doctor: renderDoctor,
};

function renderPool({ pools, poolHistory, at }) {
  const now = known(pools, (value) => [
    table(
      'Pools now',
      [
        ['Pool'],
        ['Used', 'number'],
        ['Free', 'number'],
        ['Waiting', 'number'],
        ['Most', 'number'],
        ['In use', 'number'],
      ],
      Object.entries(value).map(([name, { used, free, waiting, max }]) => [
        [name],
        [used, 'number'],
        [free, 'number'],
        [waiting, waiting > 0 ? 'number bad-text' : 'number'],
        [max, 'number'],
        [`${Math.round((used / max) * 100)} %`, 'number'],
      ]),
    ),
  ]);
  return [...now, renderPoolChart(poolHistory, Date.parse(at))];
}

function renderAdmission({ admission }) {
  const { limit, waiting, classes } = admission;
  const running = Object.values(classes).reduce((sum, { inFlight }) => sum + inFlight, 0);
  return [
    element(
      'p',
      {},
      `${count(running, 'request')} of ${limit} that may run at once, ${waiting} waiting to be let in.`,
    ),
    table(
      'Requests by class',
      [
        ['Class'],
        ['Running', 'number'],
        ['Most', 'number'],
        ['Let in', 'number'],
        ['Refused: class full', 'number'],
        ['Refused: saturated', 'number'],
      ],
      Object.entries(classes).map(([name, { inFlight, most, admitted, refused }]) => [
        [name],
        [inFlight, inFlight >= most ? 'number bad-text' : 'number'],
        [most, 'number'],
        [admitted.toLocaleString('en'), 'number'],
        ...['class-full', 'saturated'].map((reason) => [
          refused[reason].toLocaleString('en'),
          refused[reason] > 0 ? 'number warn-text' : 'number',
        ]),
      ]),
    ),
    element(
      'p',
      { class: 'soft' },
      'Since the service started. Health, metrics and this page are always let in.',
    ),
  ];
}

function renderCircuit({ circuit }) {
  const word = { closed: 'good-text', 'half-open': 'warn-text' }[circuit.state] ?? 'bad-text';
  const meaning = {
    closed: 'The database is called.',
    open: 'The database is left alone; calls are refused at once.',
    'half-open': 'A few calls are let through to see whether it answers again.',
    isolated: 'Every call is refused until it is reset by hand.',
  }[circuit.state];
  const parts = [
    element('p', {}, [element('span', { class: word }, `The circuit is ${circuit.state}. `), meaning]),
    element('p', { class: 'soft' }, `${count(circuit.refused, 'call')} refused since the start.`),
  ];
  if (circuit.changes.length === 0) {
    parts.push(element('p', { class: 'soft' }, 'It has not changed since the service started.'));
    return parts;
  }
  const lines = circuit.changes.map(({ at, from, to, calls, failures, breakMs }) => {
    const why = calls === null ? '' : `, ${failures} of ${calls} calls failed`;
    const pause = breakMs === null ? '' : `, break of ${duration(breakMs)}`;
    return element('li', {}, [time(at), ` ${from} → ${to}${why}${pause}`]);
  });
  parts.push(
    element('h3', {}, 'Changes, latest first'),
    element('ul', { class: 'plain' }, lines.slice(0, 10)),
  );
  if (lines.length > 10)
    parts.push(
      foldable(
        'older-changes',
        `${lines.length - 10} older`,
        element('ul', { class: 'plain' }, lines.slice(10)),
      ),
    );
  return parts;
}

function renderEvents({ events }) {
  return known(events, ({ waiting, isMore, oldestAgeMs }) => [
    element(
      'p',
      {},
      waiting === 0
        ? 'No event waits for a worker.'
        : `${isMore ? 'More than ' : ''}${count(waiting, 'event')} ${waiting === 1 ? 'waits' : 'wait'} for a worker.`,
    ),
    element(
      'p',
      { class: 'soft' },
      oldestAgeMs === null ? 'There is no lag.' : `The oldest has waited for ${age(oldestAgeMs)}.`,
    ),
  ]);
}

function renderLetters({ deadLetters, events }, { replay }) {
  return known(deadLetters, (letters, { readAt }) => {
    const all = events.state === 'known' ? events.value.dead : 0;
    const extent =
      all > letters.length ? `The latest ${letters.length} of ${all.toLocaleString('en')}. ` : '';
    const readLine = element('p', { class: 'soft' }, [extent, 'Read at ', time(readAt), '.']);
    if (letters.length === 0) return [element('p', {}, 'No event has used up its attempts.'), readLine];
    return [
      table(
        'Dead letters',
        [
          ['Event'],
          ['Stream'],
          ['Attempts', 'number'],
          ['Last error'],
          ['Written'],
          ['Action', 'action-cell'],
        ],
        letters.map(({ id, eventType, aggregateType, aggregateId, attempts, lastError, createdAt }) => [
          [[element('div', {}, eventType), element('code', { class: 'soft' }, id)], 'text'],
          [[element('div', {}, aggregateType), element('code', { class: 'soft' }, aggregateId)], 'text'],
          [attempts, 'number'],
          [lastError ?? '–', 'text'],
          [time(createdAt)],
          [button(`replay-${id}`, 'Replay', `Replay ${eventType} ${id}`, () => replay(id)), 'action-cell'],
        ]),
        'stacks',
      ),
      readLine,
    ];
  });
}

function renderStatements({ statements }, { explain }) {
  if (statements.length === 0) return [element('p', {}, 'No statement has run yet.')];
  return [
    element(
      'p',
      { class: 'soft' },
      'Since the service started. The wait for a connection is not counted; values are never shown.',
    ),
    table(
      'Slowest statements',
      [
        ['Statement'],
        ['Runs', 'number'],
        ['Failed', 'number'],
        ['Worst', 'number'],
        ['p95', 'number'],
        ['Generic plan'],
        ['Action', 'action-cell'],
      ],
      statements.map(({ id, text, pool, count: runs, failed, worstMs, p95Ms, plan }) => [
        [
          [
            element('code', { class: 'statement', title: text }, text),
            pool === 'primary' ? '' : element('div', { class: 'soft' }, pool),
          ],
          'text',
        ],
        [runs.toLocaleString('en'), 'number'],
        [failed, failed > 0 ? 'number bad-text' : 'number'],
        [duration(worstMs), 'number'],
        [duration(p95Ms), 'number'],
        [renderPlan(plan), 'plan'],
        [button(`plan-${id}`, 'Explain', `Explain ${text.slice(0, 60)}`, () => explain(id)), 'action-cell'],
      ]),
      'stacks',
    ),
  ];
}

function renderPlan(plan) {
  if (plan === null) return element('span', { class: 'soft' }, 'not asked for');
  if (plan.refusal !== undefined) return element('span', { class: 'soft' }, `Not explained: ${plan.refusal}`);
  const parts = [];
  if (plan.indexes.length > 0)
    parts.push(
      element(
        'div',
        {},
        plan.indexes.map((name) => element('div', {}, element('code', {}, name))),
      ),
    );
  for (const name of plan.scanned) parts.push(element('div', { class: 'warn-text' }, `reads ${name} whole`));
  if (parts.length === 0) parts.push(element('div', {}, 'no table'));
  return parts;
}
