import type { Check } from '../check';
import { bloat } from './bloat';
import { btreeOnArray } from './btree-on-array';
import { collationVersion } from './collation-version';
import { constraintNotValid } from './constraint-not-valid';
import { corruption } from './corruption';
import { descNullsFirst } from './desc-nulls-first';
import { drift } from './drift';
import { duplicateIndex } from './duplicate-index';
import { expressionWithoutStatistics } from './expression-without-statistics';
import { foreignKeyWithoutIndex } from './foreign-key-without-index';
import { hotBreaker } from './hot-breaker';
import { indexLargerThanHeap } from './index-larger-than-heap';
import { integerExhaustion } from './integer-exhaustion';
import { invalidIndex } from './invalid-index';
import { lowCardinalityLead } from './low-cardinality-lead';
import { missingIndex } from './missing-index';
import { neverAnalysed } from './never-analysed';
import { notReadyIndex } from './not-ready-index';
import { nullHeavy } from './null-heavy';
import { prefixRedundant } from './prefix-redundant';
import { rebuildRemains } from './rebuild-remains';
import { sequenceExhaustion } from './sequence-exhaustion';
import { skipScanSubsumed } from './skip-scan-subsumed';
import { unusedIndex } from './unused-index';

/** All checks, in the order of their ids: that in which they run and are reported. */
export const CHECKS: readonly Check[] = [
  invalidIndex,
  notReadyIndex,
  corruption,
  collationVersion,
  sequenceExhaustion,
  integerExhaustion,
  constraintNotValid,
  rebuildRemains,
  duplicateIndex,
  prefixRedundant,
  skipScanSubsumed,
  descNullsFirst,
  foreignKeyWithoutIndex,
  missingIndex,
  unusedIndex,
  lowCardinalityLead,
  nullHeavy,
  btreeOnArray,
  expressionWithoutStatistics,
  hotBreaker,
  neverAnalysed,
  bloat,
  indexLargerThanHeap,
  drift,
];
