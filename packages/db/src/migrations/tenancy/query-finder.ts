import { FINDER_SETTINGS, grantFinder, PLANNED_EVENTS, WHO } from './finders';

const SIGNATURE =
  'events_by_query(p_query jsonb, p_after bigint, p_seen jsonb, p_unseen boolean, p_hidden boolean, p_rows integer)';

/**
 * Events that a query of the event store matches: its items, of which each asks for types, tags or both. The statement is made
 * for their number and what they ask for, so that each is looked up in its index; their values are parameters of it, and
 * stand in no text that a server might log.
 *
 * What was not seen comes in no order, as a check asks for any of it. The check of an append that may be written finds nothing: it
 * is planned for all that matches, and yet read no further than the first. Planned for the first one in order it might read along the log
 * until that comes, and of a name that nobody has there is none.
 */
export const FIND_EVENTS_BY_QUERY = `
  create function tenancy.${SIGNATURE} returns setof public.events ${FINDER_SETTINGS}
  as $$
  declare ${WHO}
    v_types constant text[] := array(
      select array(select jsonb_array_elements_text(item -> 'types'))::text
      from jsonb_array_elements(p_query) with ordinality as q (item, at) order by at
    );
    v_tags constant text[] := array(
      select array(select jsonb_array_elements_text(item -> 'tags'))::text
      from jsonb_array_elements(p_query) with ordinality as q (item, at) order by at
    );
    v_items text;
    v_seen text := '(r.global_position <= $4 or pg_visible_in_snapshot(r.transaction_id, $5))';
  begin
    select string_agg(
      format(
        case when p_hidden then 'coalesce(%s, false)' else '(%s)' end,
        coalesce(nullif(concat_ws(' and ',
          case when v_types[at] <> '{}' then format('r.event_type = any ($2[%s]::text[])', at) end,
          case when v_tags[at] <> '{}' then format('r.tags @> $3[%s]::text[]', at) end
        ), ''), 'true')
      ), ' or ')
    into v_items
    from generate_subscripts(v_types, 1) as at;
    -- A snapshot does not tell what its own transaction had written by then.
    if p_seen ->> 'own' is not null then
      v_seen := format('case when r.transaction_id = $6 then r.global_position <= $7 else %s end', v_seen);
    end if;
    return query execute concat_ws(' ',
      'with matching as materialized (select r.* from public.events r where r.global_position > $1 and (', coalesce(v_items, 'false'), ')',
      case when p_seen is not null then concat('and ', case when p_unseen then 'not ' end, v_seen) end,
      case when not v_all then 'and r.organization_id = $8' end,
      case when not p_unseen then 'order by r.global_position limit greatest($9, ${PLANNED_EVENTS})' end,
      ') select * from matching limit $9'
    ) using
      p_after, v_types, v_tags,
      (p_seen ->> 'settled')::bigint, (p_seen ->> 'snapshot')::pg_snapshot,
      (p_seen ->> 'own')::xid8, (p_seen ->> 'last')::bigint, v_tenant, p_rows;
  end $$`;

export const GRANT_EVENTS_BY_QUERY = grantFinder(SIGNATURE);
