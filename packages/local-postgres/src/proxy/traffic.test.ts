import type { Direction } from './message-scanner';
import { TurnTaking } from './traffic';

/** `> Q` came from the client, `< Z` from the server. */
function countRoundTrips(conversation: string): number {
  const turns = new TurnTaking();
  const directions: Record<string, Direction> = { '>': 'frontend', '<': 'backend' };
  let count = 0;
  for (const [, sign, types] of conversation.matchAll(/([<>]) ([^<>]+)/g)) {
    const direction = directions[sign ?? ''] ?? 'frontend';
    for (const type of types?.trim().split(' ') ?? []) {
      if (turns.isFirstAnswer(direction, type)) count += 1;
    }
  }
  return count;
}

describe('a round trip', () => {
  it.each([
    ['is not counted before the answer begins', '> Q', 0],
    ['is counted once, however many messages answer', '> Q < T D D C Z', 1],
    ['includes what the client sends on while answers are due', '> P B E S < 1 > P B E S < 2 C Z 1 2 C Z', 1],
    [
      'includes the rest of a request that was begun while answers were due',
      '> Q P < C Z > B E S < 1 2 C Z',
      1,
    ],
    ['begins anew when every request is answered', '> Q < C Z > Q < C Z', 2],
    ['begins anew after an answer to a flush', '> P D H < 1 t T > B E S < 2 C Z', 2],
    ['begins anew when the server asks for data to copy', '> Q < G > d d c < C Z', 2],
    ['begins anew when the server asks for proof', '> Startup < R > p < R > p < R K Z', 3],
    ['is not begun by data that nobody wants any more', '> Q < G > d < E Z > d f', 2],
    ['is not begun by the server', '> Q < C Z < N A', 1],
  ])('%s', (_claim, conversation, expected) => {
    expect(countRoundTrips(conversation)).toBe(expected);
  });
});
