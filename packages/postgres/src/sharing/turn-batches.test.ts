import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowReader } from '../statements/row-reader';
import type { SharedBatch, SharedCall } from './shared-batch';
import { TurnBatches } from './turn-batches';

const CALL: SharedCall = {
  values: [],
  settings: [],
  endsAtMs: Number.POSITIVE_INFINITY,
  requestId: undefined,
  resolve: () => {},
  reject: () => {},
};
const createReader = (): RowReader => ({ open: () => () => undefined });

function gather() {
  const sent: SharedBatch[] = [];
  return { sent, batches: new TurnBatches({ maxBatchSize: 2 }, (batch) => sent.push(batch)) };
}

describe('what was gathered in a turn', () => {
  it('is kept until it is sent, and not for longer, whatever was asked', async () => {
    const { batches, sent } = gather();
    for (let shape = 0; shape < 1_000; shape += 1) {
      const settings = [[`app.s${shape % 7}`, '']] as const;
      batches.add(createReader(), `SELECT ${shape}`, { ...CALL, settings });
    }
    expect(batches.isEmpty).toBe(false);
    await nextTurn();
    expect(sent).toHaveLength(1_000);
    expect(batches.isEmpty).toBe(true);
  });

  it('is sent once where it was full before, and what comes after that too', async () => {
    const { batches, sent } = gather();
    const reader = createReader();
    for (const text of ['a', 'a', 'a', 'b', 'b']) batches.add(reader, text, { ...CALL });
    expect(sent.map(({ text, size }) => [text, size])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    await nextTurn();
    expect(sent.map(({ text, size }) => [text, size]).at(-1)).toEqual(['a', 1]);
    expect(sent).toHaveLength(3);
    expect(batches.isEmpty).toBe(true);
  });

  it('takes more until it has a connection, where it is told to, and is sent once', async () => {
    const sent: { readonly batch: SharedBatch; readonly close: () => void }[] = [];
    const batches = new TurnBatches({ maxBatchSize: 3, gathers: 'until lent' }, (batch, close) =>
      sent.push({ batch, close }),
    );
    const reader = createReader();
    const add = (count: number) => {
      for (let call = 0; call < count; call += 1) batches.add(reader, 'a', { ...CALL });
    };
    add(1);
    await Promise.resolve();
    add(1);
    await nextTurn();
    expect(sent.map(({ batch }) => batch.size)).toEqual([2]);
    add(2);
    await nextTurn();
    expect(sent.map(({ batch }) => batch.size)).toEqual([3, 1]);
    sent[1]?.close();
    expect(batches.isEmpty).toBe(true);
    add(1);
    await nextTurn();
    expect(sent.map(({ batch }) => batch.size)).toEqual([3, 1, 1]);
  });

  it('goes apart where another reader reads it', async () => {
    const { batches, sent } = gather();
    for (const reader of [createReader(), createReader()]) batches.add(reader, 'a', { ...CALL });
    await nextTurn();
    expect(sent).toHaveLength(2);
  });
});
