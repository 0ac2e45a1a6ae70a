import { type Claim, claimNone } from '../../measurement/claims';
import type { Complaints } from './complaints';
import type { Remains } from './inspect-service';
import type { Operation } from './openapi';
import type { FuzzRun } from './run-requests';
import type { Setting } from './setting';

/** What was found out about the service. */
export interface FuzzFigures {
  readonly run: FuzzRun;
  readonly operations: readonly Operation[];
  readonly complaints: Pick<Complaints, 'faults' | 'warnings'>;
  readonly hasEnded: boolean;
  readonly remains: Remains;
  /** Why it did not stop well when it was told to. */
  readonly stopFailure: string | undefined;
  /** For each service that is broken on purpose, how many findings there were; `sound` is the one that is not. */
  readonly controls: Readonly<Record<string, number>>;
}

/** The service refuses them for lack of room or time, whatever is asked. */
const CROWDED_OUT = [429, 503, 504];
const MOST_NAMED = 5;

/** Judges a run. */
export function judgeFuzz(figures: FuzzFigures, setting: Setting): readonly Claim[] {
  const { run, complaints, hasEnded, remains, stopFailure } = figures;
  const failures = run.findings.filter(({ problem }) => problem.startsWith('it failed'));
  const others = run.findings.filter(({ problem }) => !problem.startsWith('it failed'));
  const name = (list: readonly { readonly number: number; readonly problem: string }[]) =>
    list.slice(0, MOST_NAMED).map(({ number, problem }) => `request ${number}: ${problem}`);
  return [
    claimNone(
      'every route was asked with success',
      listUntried(figures, (status) => status < 400),
    ),
    claimNone(
      'every route has refused something',
      listUntried(figures, (status) => status >= 400),
    ),
    claimFewCrowdedOut(run, setting),
    claimNone('no request made the service fail (5xx)', name(failures)),
    claimNone('every request was answered, and as the document says', name(others)),
    claimNone('the service did not end, and has nothing to complain of', [
      ...(hasEnded ? ['it ended'] : []),
      ...complaints.faults.slice(0, MOST_NAMED),
    ]),
    claimNone('afterwards it is well and holds no place, connection or transaction', [
      ...remains.unwell,
      ...remains.held,
      ...remains.transactions,
    ]),
    claimNone('told to stop, it does, and has nothing to cut', [
      ...(stopFailure === undefined ? [] : [stopFailure]),
      ...complaints.warnings,
    ]),
    claimControls(figures),
  ];
}

function listUntried({ run, operations }: FuzzFigures, fits: (status: number) => boolean): readonly string[] {
  return (
    operations
      // What tells of health has nothing to refuse.
      .filter(
        ({ path, answers }) =>
          path.startsWith('/v1/') && [...answers.keys()].some((status) => fits(Number(status))),
      )
      .filter(({ name }) => ![...(run.counts.get(name)?.keys() ?? [])].some(fits))
      .map(({ name }) => name)
  );
}

function claimFewCrowdedOut(run: FuzzRun, { mostCrowdedOut }: Setting): Claim {
  let crowdedOut = 0;
  for (const byStatus of run.counts.values()) {
    for (const status of CROWDED_OUT) crowdedOut += byStatus.get(status) ?? 0;
  }
  const share = run.answers === 0 ? 1 : crowdedOut / run.answers;
  return {
    claim: 'hardly any request was refused for lack of room or time',
    held: share <= mostCrowdedOut,
    found: `${crowdedOut} of ${run.answers} answers`,
  };
}

function claimControls({ controls: { sound = 0, ...broken } }: FuzzFigures): Claim {
  const missed = Object.entries(broken).filter(([, findings]) => findings === 0);
  return {
    claim: 'services that are broken on purpose are found out, and a sound one is not (control)',
    held: missed.length === 0 && sound === 0 && Object.keys(broken).length > 0,
    found:
      missed.length === 0 && sound === 0
        ? Object.entries(broken)
            .map(([fault, findings]) => `${fault}: ${findings}`)
            .join(', ')
        : `not found: ${missed.map(([fault]) => fault).join(', ') || 'none'}; findings in the sound one: ${sound}`,
  };
}
