DROP TABLE audit;
DROP TABLE mail;
DROP TABLE machine;
DROP TABLE reset_link;
DROP TABLE open_session;
DROP TABLE person;
