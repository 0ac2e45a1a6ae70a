import { createRandom, drawExponential } from '../random';
import { readNormalLoad, readPhases, type Setting } from './setting';

/** One request of one client. */
export interface Request {
  /** When it is issued, in milliseconds from the start. */
  readonly atMs: number;
  /** The process the client lives in, from 0. */
  readonly process: number;
}

/**
 * Draws the requests of all clients, in order of time. Each client is a Poisson process, independent of the others and
 * of how its requests fare; together they are one Poisson process whose events belong to a client at random.
 */
export function drawDemand(setting: Setting): readonly Request[] {
  const random = createRandom(setting.seed, 'demand');
  const meanMs = 1000 / readNormalLoad(setting);
  const { endMs } = readPhases(setting);
  const requests: Request[] = [];
  for (let atMs = drawExponential(meanMs, random); atMs < endMs; atMs += drawExponential(meanMs, random)) {
    const client = Math.floor(random() * setting.clients);
    requests.push({ atMs, process: client % setting.processes });
  }
  return requests;
}
