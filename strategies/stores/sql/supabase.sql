-- Run once in the SQL editor of the Supabase project that memeval is to use; run again, it changes nothing.
-- One table for all runs: what belongs to one carries its name in `collection` and goes with it.
-- Only the service role may read or write: row level security is on, and there is no policy for anybody else.

CREATE TABLE IF NOT EXISTS public.memeval_turns (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection text NOT NULL,
    scope text NOT NULL,
    id text NOT NULL,
    session text NOT NULL,
    ordinal integer NOT NULL,
    speaker text NOT NULL,
    role text NOT NULL,
    text text NOT NULL,
    caption text,
    time text COLLATE "C",
    document text NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.english'::regconfig, left(document, 500000))) STORED,
    UNIQUE (collection, scope, id)
);
CREATE INDEX IF NOT EXISTS memeval_turns_by_words ON public.memeval_turns USING gin (words);
CREATE INDEX IF NOT EXISTS memeval_turns_by_session ON public.memeval_turns (collection, scope, session);
ALTER TABLE public.memeval_turns ENABLE ROW LEVEL SECURITY;

-- All rows of a call, or none. A turn that is known keeps its place; a session that is new gets the next number.
CREATE OR REPLACE FUNCTION public.memeval_write(collection text, scope text, turns jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    turn jsonb;
    seen integer;
BEGIN
    -- Writers of the same scope wait for each other until the transaction ends.
    PERFORM pg_advisory_xact_lock(hashtextextended(memeval_write.collection || ' ' || memeval_write.scope, 0));
    FOR turn IN SELECT value FROM jsonb_array_elements(turns) LOOP
        SELECT t.ordinal INTO seen FROM public.memeval_turns AS t
        WHERE t.collection = memeval_write.collection AND t.scope = memeval_write.scope
            AND t.session = turn ->> 'session' LIMIT 1;
        IF seen IS NULL THEN
            SELECT coalesce(max(t.ordinal), 0) + 1 INTO seen FROM public.memeval_turns AS t
            WHERE t.collection = memeval_write.collection AND t.scope = memeval_write.scope;
        END IF;
        INSERT INTO public.memeval_turns AS t
            (collection, scope, id, session, ordinal, speaker, role, text, caption, time, document)
        VALUES (memeval_write.collection, memeval_write.scope, turn ->> 'id', turn ->> 'session', seen,
            turn ->> 'speaker', turn ->> 'role', turn ->> 'text', turn ->> 'caption', turn ->> 'time',
            turn ->> 'document')
        ON CONFLICT ON CONSTRAINT memeval_turns_collection_scope_id_key DO UPDATE SET session = EXCLUDED.session,
            ordinal = EXCLUDED.ordinal, speaker = EXCLUDED.speaker, role = EXCLUDED.role, text = EXCLUDED.text,
            caption = EXCLUDED.caption, time = EXCLUDED.time, document = EXCLUDED.document;
    END LOOP;
END
$$;

-- Turns with any of the words, best first. Without a boost only those that all filters hold for; with one, each filter
-- that holds adds that share of the score. Without words, all that a filter holds for.
CREATE OR REPLACE FUNCTION public.memeval_search(
    collection text, scope text, words text[], speakers text[], starts text[], ends text[], sessions integer[],
    boost double precision, normalization integer, first integer, most integer
) RETURNS TABLE (id text, document text, score double precision)
LANGUAGE sql STABLE SET search_path = '' AS $$
    WITH asked AS (
        SELECT string_agg('(' || each.query::text || ')', ' | ')::tsquery AS query, count(word) > 0 AS anything
        FROM unnest(memeval_search.words) AS word
            CROSS JOIN LATERAL (SELECT phraseto_tsquery('pg_catalog.english'::regconfig, word) AS query) AS each
        WHERE numnode(each.query) > 0
    ), held AS (
        SELECT t.number, t.id, t.document, ts_rank(t.words, asked.query, memeval_search.normalization) AS rank,
            (t.speaker = ANY(memeval_search.speakers))::int + (t.ordinal = ANY(memeval_search.sessions))::int
            + EXISTS (SELECT FROM unnest(memeval_search.starts, memeval_search.ends) AS period(a, b)
                      WHERE t.time >= period.a AND t.time < period.b)::int AS filters
        FROM public.memeval_turns AS t, asked
        WHERE t.collection = memeval_search.collection AND t.scope = memeval_search.scope
            AND (cardinality(memeval_search.words) = 0 OR t.words @@ asked.query)
    ), scored AS (
        SELECT held.number, held.id, held.document, CASE WHEN cardinality(memeval_search.words) = 0 THEN held.filters
            ELSE held.rank * (1 + coalesce(memeval_search.boost, 0) * held.filters) END AS score
        FROM held
        WHERE memeval_search.boost IS NOT NULL OR held.filters = (cardinality(memeval_search.speakers) > 0)::int
            + (cardinality(memeval_search.starts) > 0)::int + (cardinality(memeval_search.sessions) > 0)::int
    )
    SELECT scored.id, scored.document, scored.score::double precision FROM scored WHERE scored.score > 0
    ORDER BY scored.score DESC, scored.number LIMIT memeval_search.most OFFSET memeval_search.first
$$;

CREATE OR REPLACE FUNCTION public.memeval_forget(collection text, scope text, ids text[]) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
    DELETE FROM public.memeval_turns AS t WHERE t.collection = memeval_forget.collection
        AND t.scope = memeval_forget.scope AND t.id = ANY(memeval_forget.ids)
$$;

CREATE OR REPLACE FUNCTION public.memeval_extent(collection text, scope text)
RETURNS TABLE (speakers text[], sessions integer, latest text)
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT (SELECT array_agg(speaker ORDER BY first) FROM (
                SELECT t.speaker, min(t.number) AS first FROM public.memeval_turns AS t
                WHERE t.collection = memeval_extent.collection AND t.scope = memeval_extent.scope GROUP BY t.speaker
            ) AS each), max(t.ordinal), max(t.time)
    FROM public.memeval_turns AS t
    WHERE t.collection = memeval_extent.collection AND t.scope = memeval_extent.scope
$$;

CREATE OR REPLACE FUNCTION public.memeval_collections() RETURNS TABLE (name text)
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT DISTINCT t.collection FROM public.memeval_turns AS t ORDER BY 1
$$;

CREATE OR REPLACE FUNCTION public.memeval_bytes() RETURNS bigint
LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT pg_total_relation_size('public.memeval_turns'::regclass)
$$;

-- So that PostgREST sees them at once.
NOTIFY pgrst, 'reload schema';
