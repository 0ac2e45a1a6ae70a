import { LOOK_UP } from './look-ups';
import type { Traffic } from './traffic';
import { TRANSACTION } from './transactions';

/** The round trips that an operation cannot do without: each statement, with BEGIN in front of the first, and COMMIT. */
const ROUND_TRIPS = Object.freeze({
  [LOOK_UP.holdfastQuery]: 1,
  [LOOK_UP.holdfastFind]: 1,
  [TRANSACTION.holdfast]: 3,
  [TRANSACTION.holdfastLedger]: 3,
});

/** Lists what lookups and units of work send beyond what they must: other round trips, or a Parse. */
export function listExcessTraffic(traffic: readonly Traffic[]): readonly string[] {
  return Object.entries(ROUND_TRIPS).flatMap(([name, wanted]) => {
    const found = traffic.find((one) => one.name === name);
    if (found === undefined) return [`${name} was not counted`];
    const { roundTrips, sent } = found;
    return [
      ...(roundTrips === wanted ? [] : [`${name} takes ${roundTrips} round trips instead of ${wanted}`]),
      ...(sent.P === undefined ? [] : [`${name} has ${sent.P} statements parsed`]),
    ];
  });
}
