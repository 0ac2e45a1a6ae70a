import { Client } from 'pg';
import { LatencyRecord } from './latencies';

const APPEND = {
  name: 'append',
  text: `INSERT INTO events (id, aggregate_id, aggregate_type, aggregate_version, event_type, event_timestamp,
                             organization_id, user_id, correlation_id, tags, payload)
         VALUES (gen_random_uuid(), gen_random_uuid(), 'order', 1, $1, now(), gen_random_uuid(), gen_random_uuid(),
                 gen_random_uuid(), ARRAY[$1], '{"written": "meanwhile"}')`,
};

/** Connections that append without a pause until they are stopped. */
export class Writers implements AsyncDisposable {
  readonly #clients: readonly Client[];
  readonly #ends: Promise<unknown>;
  #record = new LatencyRecord();
  #isStopped = false;
  #appended = 0;

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
    this.#ends = Promise.all(clients.map((client, at) => this.#write(client, `order.${at}`)));
  }

  static async start(url: string, count: number): Promise<Writers> {
    const clients = Array.from({ length: count }, () => new Client({ connectionString: url }));
    for (const client of clients) client.on('error', () => undefined);
    await Promise.all(clients.map((client) => client.connect()));
    return new Writers(clients);
  }

  /** What has been confirmed since they started. */
  get appended(): number {
    return this.#appended;
  }

  /** Ends the time that is watched, and begins the next. What is under way is noted with the former when it ends. */
  cut(): LatencyRecord {
    const record = this.#record.close();
    this.#record = new LatencyRecord();
    return record;
  }

  /** Those under way are finished first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#ends;
    await Promise.all(this.#clients.map((client) => client.end()));
  }

  async #write(client: Client, type: string): Promise<void> {
    while (!this.#isStopped) {
      const startedAtMs = performance.now();
      // Told where it began: one that is let go as a migration ends has waited for that, and not for what comes next.
      const record = this.#record;
      try {
        await client.query({ ...APPEND, values: [type] });
        this.#appended += 1;
        record.note(performance.now() - startedAtMs);
      } catch (error) {
        record.noteFailure(error);
        if (!(await isAlive(client))) return;
      }
    }
  }
}

async function isAlive(client: Client): Promise<boolean> {
  try {
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}
