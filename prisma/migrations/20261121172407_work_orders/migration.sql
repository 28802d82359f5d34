-- CreateTable
CREATE TABLE "work_order" (
    "provider" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "order" TEXT NOT NULL,
    "leaseId" BIGINT NOT NULL,
    "className" TEXT NOT NULL,
    "cards" INTEGER NOT NULL,
    "seconds" INTEGER NOT NULL,
    "command" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "access" TEXT,
    "note" TEXT,
    "deadline" BIGINT NOT NULL,
    "placedAt" BIGINT NOT NULL,
    "provisionedAt" BIGINT,
    "endedAt" BIGINT,
    "released" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "work_order_pkey" PRIMARY KEY ("provider","pool","order")
);

-- CreateIndex
CREATE INDEX "work_order_leaseId_idx" ON "work_order"("leaseId");
