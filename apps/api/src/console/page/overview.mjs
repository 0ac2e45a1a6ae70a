import { age, count, element } from './elements.mjs';

/** The tiles at the top: each says in words what is wrong. */
export function renderOverview({ database, pools, circuit, events, migrations }) {
  const tiles = [];
  tiles.push(
    database.state === 'known'
      ? tile(
          'Database',
          'answers',
          `PostgreSQL ${database.value.version}${database.value.isStandby ? ', a standby' : ''}`,
          database.value.isStandby ? 'warn' : 'good',
        )
      : tile('Database', 'no answer', database.reason, 'bad'),
  );
  const pool = pools.state === 'known' ? pools.value.primary : undefined;
  if (pool === undefined) tiles.push(tile('Pool', 'unknown', pools.reason ?? 'There is none', 'bad'));
  else {
    const share = pool.used / pool.max;
    const state = pool.waiting > 0 ? 'bad' : share >= 0.9 ? 'warn' : 'good';
    tiles.push(
      tile(
        'Pool',
        `${pool.used} of ${pool.max} used`,
        `${Math.round(share * 100)} %, ${count(pool.waiting, 'caller')} waiting`,
        state,
      ),
    );
  }
  const circuitState = { closed: 'good', 'half-open': 'warn' }[circuit.state] ?? 'bad';
  tiles.push(
    tile(
      'Circuit',
      circuit.state,
      circuit.state === 'closed' ? 'Calls go through' : 'Calls are refused',
      circuitState,
    ),
  );
  tiles.push(
    events.state === 'known'
      ? tile(
          'Events waiting',
          `${events.value.waiting}${events.value.isMore ? '+' : ''}`,
          events.value.oldestAgeMs === null ? 'None is old' : `Oldest: ${age(events.value.oldestAgeMs)}`,
          events.value.oldestAgeMs > 300_000 ? 'warn' : 'good',
        )
      : tile('Events waiting', 'unknown', 'Could not be read', 'bad'),
  );
  tiles.push(
    events.state === 'known'
      ? tile(
          'Dead letters',
          `${events.value.dead}${events.value.isMoreDead ? '+' : ''}`,
          events.value.dead > 0 ? 'To be replayed by hand' : 'None',
          events.value.dead > 0 ? 'warn' : 'good',
        )
      : tile('Dead letters', 'unknown', 'Could not be read', 'bad'),
  );
  if (migrations.state !== 'known') tiles.push(tile('Migrations', 'unknown', 'Could not be read', 'bad'));
  else {
    const { applied, pending, run } = migrations.value;
    const value = run ? 'running' : pending.length > 0 ? `${pending.length} pending` : 'all applied';
    tiles.push(tile('Migrations', value, `${applied} applied`, run || pending.length > 0 ? 'warn' : 'good'));
  }
  return tiles;
}

function tile(label, value, more, state) {
  const word = { bad: 'Trouble: ', warn: 'Look: ', good: '' }[state];
  return element('li', { class: state }, [
    element('span', {}, label),
    element('b', {}, `${word}${value}`),
    element('span', {}, more),
  ]);
}
