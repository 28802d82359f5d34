-- DropIndex
DROP INDEX "lease_consumer_idx";

-- DropIndex
DROP INDEX "lease_provider_idx";

-- CreateIndex
CREATE INDEX "lease_consumer_id_idx" ON "lease"("consumer", "id");

-- CreateIndex
CREATE INDEX "lease_provider_id_idx" ON "lease"("provider", "id");

-- CreateIndex
CREATE INDEX "lease_end_idx" ON "lease"("end");

-- CreateIndex
CREATE INDEX "lease_start_idx" ON "lease"("start");

-- What changed is told on one channel, a notification a statement: the table and the ids, or without ids when they are too many to
-- name. The API's event streams hear it. The schema language has no triggers, the migration engine cuts at every semicolon, hence \x3B.
CREATE FUNCTION "tell_changes"() RETURNS trigger LANGUAGE plpgsql AS E'
DECLARE
  ids text\x3B
  many boolean\x3B
BEGIN
  EXECUTE format(\x27SELECT string_agg(DISTINCT %1$I::text, \x27\x27,\x27\x27), count(*) > 300 FROM (SELECT %1$I FROM changed LIMIT 301) c\x27, TG_ARGV[0])
    INTO ids, many\x3B
  IF many THEN
    PERFORM pg_notify(\x27cardhour_events\x27, json_build_object(\x27table\x27, TG_TABLE_NAME)::text)\x3B
  ELSIF ids IS NOT NULL THEN
    PERFORM pg_notify(\x27cardhour_events\x27, json_build_object(\x27table\x27, TG_TABLE_NAME, \x27ids\x27, ids)::text)\x3B
  END IF\x3B
  RETURN NULL\x3B
END\x3B';
CREATE TRIGGER "lease_added" AFTER INSERT ON "lease" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('id');
CREATE TRIGGER "lease_changed" AFTER UPDATE ON "lease" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('id');
CREATE TRIGGER "lease_removed" AFTER DELETE ON "lease" REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('id');
CREATE TRIGGER "slot_run_added" AFTER INSERT ON "slot_run" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('slot');
CREATE TRIGGER "slot_run_changed" AFTER UPDATE ON "slot_run" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('slot');
CREATE TRIGGER "lease_report_added" AFTER INSERT ON "lease_report" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('leaseId');
CREATE TRIGGER "lease_report_changed" AFTER UPDATE ON "lease_report" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('leaseId');
CREATE TRIGGER "lease_log_added" AFTER INSERT ON "lease_log" REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION "tell_changes"('leaseId');
