import { readErrorCode } from '@holdfast/resilience';
import { readOrigin } from '../pool/call-site';
import type { AfterCommitHook } from './transaction';

/** What may stand for a name or code: a sentence in its place may be about somebody. */
const NAME = /^[\w$.:-]{1,64}$/;

/**
 * Describes for a log which hook failed, of what, and where in the program. Never by the error's message, which may hold
 * what is in a row. Never throws, whatever was thrown.
 */
export function describeHookFailure(hook: AfterCommitHook, error: unknown): Readonly<Record<string, string>> {
  try {
    const facts = {
      hook: showable(hook.name),
      error: error instanceof Error ? showable(error.name) : typeof error,
      code: showable(readErrorCode(error)),
      site: error instanceof Error ? readOrigin(error) : undefined,
    };
    return Object.fromEntries(Object.entries(facts).filter(isGiven));
  } catch {
    return { error: 'unreadable' };
  }
}

function showable(text: unknown): string | undefined {
  return typeof text === 'string' && NAME.test(text) ? text : undefined;
}

function isGiven(fact: readonly [string, string | undefined]): fact is [string, string] {
  return fact[1] !== undefined;
}
