import { BARE } from './contender';
import { HOLDFAST_FOUR, HOLDFAST_VARIANTS } from './holdfast';
import { COCKATIEL_FOUR, OPOSSUM, P_RETRY } from './rivals';

/** Each library in one shape: how a service uses it that has one kind of pipeline. */
export const LIBRARIES = Object.freeze([BARE, HOLDFAST_FOUR, COCKATIEL_FOUR, OPOSSUM, P_RETRY] as const);

/** Holdfast in many shapes. Measured after the libraries: from then on no call site sees one kind of policy alone. */
export const SHAPES = Object.freeze([BARE, HOLDFAST_FOUR, ...HOLDFAST_VARIANTS] as const);
