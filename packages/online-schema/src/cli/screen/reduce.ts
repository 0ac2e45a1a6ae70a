import type { MigrationStep, RunEvent, StepProgress } from '../../run/run-event';
import type { CurrentStep, ScreenState, SeenProgress, Wait } from './screen-state';

/** What the screen learns: what the run tells, that it was asked to stop, and that it is over. */
export type ScreenEvent = RunEvent | { readonly type: 'stopping' } | { readonly type: 'ended' };

/** What the run is doing after the event. */
export function reduce(state: ScreenState, event: ScreenEvent, nowMs: number): ScreenState {
  switch (event.type) {
    case 'waiting':
      return {
        ...state,
        wait: {
          kind: 'run',
          holder: event.holder,
          sinceMs: state.wait?.kind === 'run' ? state.wait.sinceMs : nowMs,
        },
      };
    case 'pending':
      return { ...state, names: event.names, begun: 0, wait: undefined };
    case 'started': {
      const { name, number, total } = event;
      const migration = { name, number, total, sinceMs: nowMs, progress: undefined };
      return { ...state, migration, begun: number, steps: [], wait: undefined };
    }
    case 'step-started': {
      const { action, name, statement } = event;
      const step = { action, name, statement, sinceMs: nowMs, progress: undefined };
      return { ...state, steps: [...state.steps, step], wait: waitBesideStep(state) };
    }
    case 'progress':
      return addProgress(
        { ...state, wait: state.wait?.kind === 'lock' ? undefined : state.wait },
        event.name,
        event.progress,
        nowMs,
      );
    case 'blocked': {
      const { name, blockers } = event;
      const sinceMs = sinceWhen(state, 'sessions', name) ?? startOfWaitingPhase(state) ?? nowMs;
      return { ...state, wait: { kind: 'sessions', name, blockers, sinceMs, seenAtMs: nowMs } };
    }
    case 'unblocked':
      return { ...state, wait: undefined };
    case 'lock-timeout': {
      const { name, attempt, delayMs, blockers } = event;
      const sinceMs = sinceWhen(state, 'lock', name) ?? nowMs;
      const wait: Wait = {
        kind: 'lock',
        name,
        attempt,
        retryAtMs: nowMs + delayMs,
        blockers,
        sinceMs,
        seenAtMs: nowMs,
      };
      return { ...state, steps: stepsUpTo(state, name), wait };
    }
    case 'notice':
      return state;
    case 'step':
      return endStep(state, event);
    case 'applied':
    case 'reverted':
      return { ...state, migration: undefined, steps: [], wait: undefined };
    case 'stopping':
      return { ...state, isStopping: true };
    case 'ended':
      return { ...state, hasEnded: true };
    default:
      return event satisfies never;
  }
}

function endStep(state: ScreenState, { name, action }: MigrationStep): ScreenState {
  const at = state.steps.findLastIndex((step) => step.name === name && step.action === action);
  if (at < 0) return state;
  const { wait } = state;
  const ended = state.steps.slice(at);
  const isWaitOver = wait?.kind !== 'run' && ended.some((step) => step.name === wait?.name);
  return { ...state, steps: state.steps.slice(0, at), wait: isWaitOver ? undefined : wait };
}

// Somebody who counts may call a step by the name of what it makes on the way, so the innermost one is meant.
function addProgress(state: ScreenState, name: string, progress: StepProgress, nowMs: number): ScreenState {
  const { migration, steps } = state;
  const named = steps.findLastIndex((step) => step.name === name);
  const at = named < 0 ? steps.length - 1 : named;
  const add = <T extends { readonly progress: SeenProgress | undefined }>(task: T): T => {
    const isSamePhase = task.progress?.phase === progress.phase;
    const phaseSinceMs = isSamePhase ? (task.progress?.phaseSinceMs ?? nowMs) : nowMs;
    return { ...task, progress: { ...progress, atMs: nowMs, phaseSinceMs } };
  };
  if (at < 0) return { ...state, migration: migration && add(migration) };
  return { ...state, steps: steps.map((step, place) => (place === at ? add(step) : step)) };
}

function sinceWhen({ wait }: ScreenState, kind: 'sessions' | 'lock', name: string): number | undefined {
  return wait?.kind === kind && wait.name === name ? wait.sinceMs : undefined;
}

/** That a lock was had nobody tells: a step that goes on has it. An attempt of a whole migration has steps of its own. */
function waitBesideStep({ wait, steps }: ScreenState): Wait | undefined {
  const isOver =
    wait?.kind === 'run' || (wait?.kind === 'lock' && steps.some(({ name }) => name === wait.name));
  return isOver ? undefined : wait;
}

/** Blockers are told only when they stay, and the phase is told when it begins. */
function startOfWaitingPhase({ steps, migration }: ScreenState): number | undefined {
  const progress = (steps.at(-1) ?? migration)?.progress;
  return progress?.phase.startsWith('waiting for ') ? progress.phaseSinceMs : undefined;
}

/** What was undone with the attempt is begun again with the next one. */
function stepsUpTo({ steps, migration }: ScreenState, name: string): readonly CurrentStep[] {
  const at = steps.findLastIndex((step) => step.name === name);
  return at < 0 && migration?.name !== name ? steps : steps.slice(0, at + 1);
}
