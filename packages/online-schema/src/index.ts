export { CatalogError, type CatalogErrorCode } from './catalog/catalog-error';
export { readIndexes } from './catalog/read-indexes';
export { type CheckContractOptions, checkContract } from './contract/check-contract';
export { type CoverageOptions, checkCoverage } from './contract/check-coverage';
export { ContractError, type ContractErrorCode } from './contract/contract-error';
export type {
  Breach,
  BreachKind,
  ContractReport,
  CoverageReport,
  Notice,
  PlannedRun,
  StatementReport,
} from './contract/contract-report';
export { defineContract, type QueryContract } from './contract/query-contract';
export { renderContract, renderCoverage } from './contract/render-contract';
export { AcceptDeclarationError } from './declaration/accept-declaration-error';
export { Accept, type AcceptOptions } from './declaration/accept-decorator';
export { acceptFindings, type FindingAcceptance } from './declaration/accept-findings';
export type { AcceptedChecks } from './declaration/acceptance';
export { IndexDeclarationError } from './declaration/index-declaration-error';
export { Index } from './declaration/index-decorator';
export { desc, type IndexKey } from './declaration/index-key';
export type { IndexOptions } from './declaration/index-options';
export { SqlFragment, sql } from './declaration/sql-fragment';
export type { Finding, Severity, Subject } from './doctor/check';
export type { CheckId } from './doctor/check-id';
export { DoctorError } from './doctor/doctor-error';
export type {
  AcceptedFinding,
  CheckRun,
  DoctorReport,
  IndexFigures,
  Overview,
  ReportedFinding,
  StaleAcceptance,
  TableFigures,
  UnseenPart,
} from './doctor/doctor-report';
export { type ExamineOptions, examine } from './doctor/examine';
export {
  DRIFT_KINDS,
  type DriftDifference,
  type DriftFinding,
  type DriftKind,
  type DriftReport,
} from './drift/drift-report';
export { findDrift } from './drift/find-drift';
export { renderDrift } from './drift/render-drift';
export { type GenerateRequest, type GenerateResult, generate } from './generate/generate';
export { GenerateError } from './generate/generate-error';
export { HazardRefusedError } from './generate/hazard-refused-error';
export { type ExplainIndexOptions, explainIndex, type IndexExplanation } from './ledger/explain-index';
export type { Remark, Verdict } from './ledger/judge-index';
export { LedgerError } from './ledger/ledger-error';
export type { IndexFacts } from './ledger/read-index-facts';
export { tryWithout } from './ledger/try-without';
export type { AllowableHazard, HazardId } from './plan/hazard-id';
export { type Plan, type PlanOptions, planChanges } from './plan/plan-changes';
export type {
  Blocked,
  Estimate,
  Hazard,
  Held,
  LockMode,
  PlanStep,
  StepKind,
  StepLock,
} from './plan/plan-step';
export { type RenderPlanOptions, renderPlan } from './plan/render-plan';
export { type BloatFilter, estimateIndexBloat, type IndexBloat } from './reindex/estimate-bloat';
export type { BloatLimits } from './reindex/find-indexes';
export { type ReindexReport, type ReindexRequest, reindex } from './reindex/reindex';
export {
  ReindexError,
  type ReindexErrorCode,
  type ReindexedIndex,
  ReindexStoppedError,
} from './reindex/reindex-error';
export { type DryRun, type DryRunMigration, planMigrate, planRevert } from './run/dry-run';
export { migrate } from './run/migrate';
export { renderRunEvent } from './run/render-event';
export { renderDuration } from './run/render-quantity';
export { type RevertOptions, type RevertRange, revert } from './run/revert';
export { MigrationFailedError, RunStoppedError, UnknownMigrationError } from './run/run-error';
export type { Blocker, LockHolder, MigrationStep, RunEvent, StepProgress } from './run/run-event';
export { createRunLog } from './run/run-log';
export type { RunOptions } from './run/run-options';
export { type MigrationState, type MigrationStatus, type RunStatus, readStatus } from './run/status';
export type { CatalogIndex, IndexDefinition } from './specification/index-definition';
export { readEntityIndexes } from './specification/read-entity-indexes';
export { captureStatements, type Watcher } from './statement/capture-statements';
export { runPrepared } from './statement/run-prepared';
export { runStatement, type StatementRun } from './statement/run-statement';
export type { PlanMode, SentStatement, Session } from './statement/sent-statement';
