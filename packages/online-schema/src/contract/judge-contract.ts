import { countRows, renderPlan } from '../statement/plan-node';
import type { Breach, ContractReport, Notice, PlannedRun, StatementReport } from './contract-report';
import type { ExplainedRun } from './explain-statement';
import { type JudgeLimits, judgeRun, noteRun, readBudget } from './judge-run';
import { BOTH_PLANS, type QueryContract } from './query-contract';

export interface ExplainedStatement {
  readonly sql: string;
  /** One for each kind of plan. None where the server refused the statement. */
  readonly runs: readonly ExplainedRun[];
}

/** An index that a contract names. */
export interface Promised {
  readonly asked: string;
  /** As `schema.name`; null where there is none. */
  readonly names: readonly string[] | null;
  readonly valid: boolean;
}

/** What of the contract its statements break, with everything that shows it. */
export function judgeContract<Sample>(
  contract: QueryContract<Sample>,
  explained: readonly ExplainedStatement[],
  limits: JudgeLimits,
  promised: readonly Promised[],
): Omit<ContractReport, 'serverVersion'> {
  const broken: Breach[] = [];
  const notices: Notice[] = [];
  const statements = explained.map(({ sql, runs }, at): StatementReport => {
    const statement = at + 1;
    if (runs.length === 0) {
      notices.push({
        kind: 'refused',
        reason: 'The server refused it, and the call went on: what it costs is not known.',
        statement,
      });
    }
    return {
      sql,
      runs: runs.map((run): PlannedRun => {
        const { mode } = run;
        broken.push(...judgeRun(contract, run, limits).map((found) => ({ ...found, mode, statement })));
        notices.push(...noteRun(run).map((found) => ({ ...found, mode, statement })));
        return toPlannedRun(contract, run);
      }),
    };
  });
  if (statements.length === 0) {
    broken.push({
      kind: 'nothing-sent',
      reason: 'The call sent no statement through the manager that it was given.',
    });
  } else {
    broken.push(...judgeUse(contract, explained, promised));
  }
  return { contract: contract.name, statements, broken, notices };
}

function toPlannedRun<Sample>(
  contract: QueryContract<Sample>,
  { mode, root, buffers, indexes }: ExplainedRun,
): PlannedRun {
  return {
    mode,
    buffers,
    budget: readBudget(contract, root),
    rows: countRows(root),
    indexes: indexes.map(({ shown }) => shown),
    plan: renderPlan(root),
  };
}

function judgeUse<Sample>(
  { plans = BOTH_PLANS }: QueryContract<Sample>,
  statements: readonly ExplainedStatement[],
  promised: readonly Promised[],
): Breach[] {
  return promised.flatMap(({ asked, names, valid }): Breach[] => {
    if (names === null) return [{ kind: 'index-missing', reason: `There is no index ${asked}.` }];
    if (!valid)
      return [{ kind: 'index-missing', reason: `Index ${asked} is not valid: it answers nothing.` }];
    return plans.flatMap((mode): Breach[] => {
      // A statement that has one kind of plan has it whatever is asked for.
      const used = statements.flatMap(
        ({ runs }) => (runs.find((run) => run.mode === mode) ?? runs[0])?.indexes ?? [],
      );
      if (used.some(({ name }) => names.includes(name))) return [];
      const instead =
        used.length === 0 ? 'no index at all' : [...new Set(used.map(({ shown }) => shown))].join(', ');
      return [{ kind: 'index-not-used', reason: `Index ${asked} was not used; used was ${instead}.`, mode }];
    });
  });
}
