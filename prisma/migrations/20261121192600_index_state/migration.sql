-- CreateTable
CREATE TABLE "index_state" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "fold" TEXT NOT NULL,
    "sealed" BIGINT NOT NULL,

    CONSTRAINT "index_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "read_stop" (
    "table" TEXT NOT NULL,
    "sentence" TEXT NOT NULL,
    "blockNumber" BIGINT NOT NULL,
    "blockHash" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "read_stop_pkey" PRIMARY KEY ("table")
);

-- What is final stays: blocks and events up to index_state.sealed can be neither changed nor deleted. Whoever applies this file cuts it
-- at each semicolon, so the functions write theirs as \x3b.
CREATE FUNCTION refuse_sealed_block() RETURNS trigger LANGUAGE plpgsql AS E'BEGIN IF EXISTS (SELECT FROM old_rows WHERE "number" <= (SELECT sealed FROM index_state)) THEN RAISE EXCEPTION ''a block up to the last final one would change'' USING ERRCODE = ''CH001''\x3b END IF\x3b RETURN NULL\x3b END';
CREATE FUNCTION refuse_sealed_event() RETURNS trigger LANGUAGE plpgsql AS E'BEGIN IF EXISTS (SELECT FROM old_rows WHERE "blockNumber" <= (SELECT sealed FROM index_state)) THEN RAISE EXCEPTION ''an event of a block up to the last final one would change'' USING ERRCODE = ''CH001''\x3b END IF\x3b RETURN NULL\x3b END';
CREATE TRIGGER sealed_delete AFTER DELETE ON "block" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_block();
CREATE TRIGGER sealed_update AFTER UPDATE ON "block" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_block();
CREATE TRIGGER sealed_delete AFTER DELETE ON "chain_event" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_event();
CREATE TRIGGER sealed_update AFTER UPDATE ON "chain_event" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed_event();
