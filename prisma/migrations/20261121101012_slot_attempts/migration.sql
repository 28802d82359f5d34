-- AlterTable
ALTER TABLE "slot_run" ADD COLUMN     "attempt" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "confirmed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "header" JSONB;

-- CreateTable
CREATE TABLE "slot_page" (
    "slot" BIGINT NOT NULL,
    "page" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "slot_page_pkey" PRIMARY KEY ("slot","page")
);
