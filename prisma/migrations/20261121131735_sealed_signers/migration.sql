-- AlterTable
ALTER TABLE "ask" ADD COLUMN     "seal" TEXT,
ADD COLUMN     "seq" BIGSERIAL NOT NULL,
ADD COLUMN     "signer" TEXT;

-- AlterTable
ALTER TABLE "order" ADD COLUMN     "seal" TEXT,
ADD COLUMN     "seq" BIGSERIAL NOT NULL,
ADD COLUMN     "signer" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "ask_seq_key" ON "ask"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "order_seq_key" ON "order"("seq");
