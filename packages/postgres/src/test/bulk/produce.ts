/** What a source tells about itself: rows asked for, and whether it was closed. */
export interface Producer {
  pulled: number;
  isClosed: boolean;
}

/** A row of the table `point`. */
export const point = (id: number) => ({ id, x: id, y: -id, label: `label of ${id}` });

/** Rows as fast as they are asked for. */
export function* produce(total: number, watched: Producer = { pulled: 0, isClosed: false }) {
  try {
    for (let id = 0; id < total; id += 1) {
      watched.pulled += 1;
      yield point(id);
    }
  } finally {
    watched.isClosed = true;
  }
}

/** The same with a promise for each row. */
export async function* produceSlowly(total: number, watched?: Producer) {
  yield* produce(total, watched);
}
