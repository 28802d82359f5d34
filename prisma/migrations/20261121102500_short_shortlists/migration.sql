-- Entries were whole asks, now they are four numbers that point into the manifest. Earlier slots keep their result and lose its drawing.
UPDATE "slot_match" SET "shortlist" = '[]';
