import type { EntityManager } from 'typeorm';
import type { PlanMode } from '../statement/sent-statement';
import { ContractError } from './contract-error';

/** What a query promises: which index answers it, and how much it touches at most. */
export interface QueryContract<Sample = void> {
  /** Unique among the contracts of a project: `events of an organization, first page`. */
  readonly name: string;
  /** The index, or those, that the call relies on: each is used by one of its statements. With its schema where needed. */
  readonly index: string | readonly string[];
  /** The application's own call, through the manager that it is given: what it really sends is what is judged. */
  readonly run: (manager: EntityManager, sample: Sample) => Promise<unknown>;
  /** Pages of 8 kB that one statement touches at most, in memory or not. Default: the rows it returns + 12. */
  readonly maxBuffers?: number;
  /** Why the default does not do; required where `maxBuffers` is given. */
  readonly because?: string;
  /** Why its cost may grow with the data. Default: it may not. */
  readonly growth?: string;
  /** What would otherwise break the contract, each with its reason. */
  readonly allows?: { readonly seqScan?: string; readonly sort?: string };
  /** The kinds of plan that the application can get. Default: both. One marked as to be planned each time gets no generic plan. */
  readonly plans?: readonly PlanMode[];
}

export const BOTH_PLANS: readonly PlanMode[] = Object.freeze(['custom', 'generic'] as const);

/**
 * The contract, checked and frozen.
 *
 * @throws ContractError (`HOLDFAST_CONTRACT_DECLARATION`) when it cannot be meant: no name, no index, no plan, a budget
 *   without a reason or no positive whole number, an allowance without a reason.
 */
export function defineContract<Sample = void>(contract: QueryContract<Sample>): QueryContract<Sample> {
  const { name, maxBuffers, because, growth, allows = {}, plans } = contract;
  const refuse = (message: string): never => {
    throw new ContractError('HOLDFAST_CONTRACT_DECLARATION', name, message);
  };
  if (isBlank(name)) refuse('a contract needs a name');
  const indexes = listPromisedIndexes(contract);
  if (indexes.length === 0 || indexes.some(isBlank)) refuse('it names no index that it relies on');
  if (new Set(indexes).size < indexes.length) refuse('it names an index twice');
  if (maxBuffers !== undefined && !(Number.isSafeInteger(maxBuffers) && maxBuffers > 0)) {
    refuse(`maxBuffers is a positive whole number of pages, not ${maxBuffers}`);
  }
  if (maxBuffers !== undefined && isBlank(because ?? '')) refuse('maxBuffers needs its reason in because');
  if (maxBuffers === undefined && because !== undefined)
    refuse('because is the reason of maxBuffers, which is not given');
  const reasons = { growth, seqScan: allows.seqScan, sort: allows.sort };
  for (const [option, reason] of Object.entries(reasons)) {
    if (reason !== undefined && isBlank(reason)) refuse(`${option} needs a reason, not an empty text`);
  }
  if (plans?.length === 0) refuse('plans names no kind of plan');
  if (plans?.some((mode) => mode !== 'custom' && mode !== 'generic')) refuse('plans are custom or generic');
  return Object.freeze({
    ...contract,
    ...(typeof contract.index === 'string' ? {} : { index: Object.freeze([...contract.index]) }),
    ...(contract.allows === undefined ? {} : { allows: Object.freeze({ ...contract.allows }) }),
    ...(plans === undefined ? {} : { plans: Object.freeze([...plans]) }),
  });
}

/** The indexes that a contract names, as a list. */
export function listPromisedIndexes({ index }: Pick<QueryContract<never>, 'index'>): readonly string[] {
  return typeof index === 'string' ? [index] : index;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
