/**
 * SQL that is true where the event `stored` is what `given` asks for under its key: a repetition, and no other event. A time that the
 * caller did not give (`is_timed`) is another one with every repetition.
 */
export function isSameEvent(stored: string, given: string): string {
  return `${stored}.aggregate_type = ${given}.aggregate_type
        and ${stored}.event_type = ${given}.event_type
        and ${stored}.payload = ${given}.payload
        and ${stored}.tags = ${given}.tags
        and ${stored}.organization_id is not distinct from ${given}.organization_id
        and ${stored}.user_id is not distinct from ${given}.user_id
        and ${stored}.correlation_id is not distinct from ${given}.correlation_id
        and (${stored}.event_timestamp = ${given}.event_timestamp or not ${given}.is_timed)`;
}
