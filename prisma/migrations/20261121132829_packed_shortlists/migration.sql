-- Four numbers as JSON become 12 bytes (prisma/shortlist-bytes.ts). The last step follows from the reserve of the ask.
ALTER TABLE "slot_match" ADD COLUMN "packed" BYTEA;
UPDATE "slot_match" SET "packed" = coalesce(
  (SELECT string_agg(int4send((entry->>0)::int) || int4send((entry->>1)::int) || int4send((entry->>2)::int), '' ORDER BY place)
   FROM jsonb_array_elements("shortlist") WITH ORDINALITY AS t(entry, place)),
  '');
ALTER TABLE "slot_match" DROP COLUMN "shortlist";
ALTER TABLE "slot_match" RENAME COLUMN "packed" TO "shortlist";
ALTER TABLE "slot_match" ALTER COLUMN "shortlist" SET NOT NULL;
