DROP TABLE replica;
DROP TABLE kill_taken;
DROP TABLE approval;
DROP TABLE waiting_change;
