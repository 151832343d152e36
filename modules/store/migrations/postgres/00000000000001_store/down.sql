DROP TABLE lease;
DROP TABLE dead_letter;
DROP TABLE projection;
DROP TABLE idempotency;
DROP TABLE event;
DROP TABLE log_head;
