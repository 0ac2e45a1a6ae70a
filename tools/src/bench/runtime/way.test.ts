import { findDifferences, type Way } from './way';

class Entity {
  readonly id: number;
  readonly at = new Date(0);

  constructor(id: number) {
    this.id = id;
  }
}

const way = (name: string, run: (turn: number) => unknown): Way => ({
  name,
  run: async (turn) => run(turn),
  isRight: (result, turn) => (result as Entity).id === turn,
});

const asRow = (turn: number) => ({ id: turn, at: new Date(0) });

it('finds no difference between a row and the entity that was made of it', async () => {
  expect(await findDifferences([way('row', asRow), way('entity', (turn) => new Entity(turn))])).toEqual([]);
});

it('finds a way that differs in a single turn, and tells it once', async () => {
  const other = way('other', (turn) => ({ ...asRow(turn), at: new Date(turn === 3 ? 1 : 0) }));
  expect(await findDifferences([way('row', asRow), way('same', asRow), other])).toEqual([
    'other and row differ',
  ]);
});

it('finds a first way that is not right itself', async () => {
  const wrong = (turn: number) => asRow(turn + 1);
  expect(await findDifferences([way('row', wrong), way('same', wrong)])).toEqual(['row is not right']);
});
