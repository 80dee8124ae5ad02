package anonymize

import "strings"

// people are the names of one language, in ASCII, so that they fit every
// database encoding.
type people struct {
	female, male, last []string
	titles             [3]string // of women, of men, of either
}

// englishPeople have the surnames of the dictionary.
func englishPeople(last []string) *people {
	return &people{
		female: strings.Fields(`Abigail Ada Adele Agnes Alice Alison Alma Amanda Amber Amelia Amy Andrea Angela Anita Ann Anna Annette April Ariel
			Audrey Ava Barbara Beatrice Becky Bella Bernice Beth Betty Beverly Bonnie Brenda Bridget Camille Candice Carla Carmen Carol Caroline Carrie
			Catherine Cecilia Charlotte Cheryl Christina Cindy Claire Clara Claudia Colleen Connie Courtney Crystal Cynthia Daisy Dana Danielle Dawn Deborah
			Delia Denise Diana Dolores Donna Doris Dorothy Edith Edna Eileen Elaine Eleanor Elena Elizabeth Ella Ellen Elsie Emily Emma Erica Erin Esther
			Ethel Eva Evelyn Faith Felicia Fiona Flora Florence Frances Gail Georgia Geraldine Gina Gladys Glenda Gloria Grace Gwen Hannah Hazel Heather
			Heidi Helen Holly Ida Irene Iris Isabel Ivy Jackie Jane Janet Janice Jasmine Jean Jenna Jennifer Jenny Jessica Jill Joan Joanna Josephine Joy
			Joyce Juanita Judith Judy Julia Julie June Karen Katherine Kathleen Katie Kayla Kelly Kendra Kerry Kim Kristen Laura Lauren Leah Lena Leslie
			Lillian Lily Linda Lisa Lois Loretta Lorraine Louise Lucille Lucy Lydia Lynn Mabel Madeline Maggie Marcia Margaret Maria Marian Marie Marilyn
			Marion Marjorie Martha Mary Maureen Maxine Megan Melanie Melinda Melissa Mercedes Michelle Mildred Miranda Miriam Molly Monica Muriel Myra
			Nadine Nancy Naomi Natalie Natasha Nell Nicole Nina Nora Norma Olga Olive Olivia Pamela Patricia Paula Pauline Pearl Peggy Penelope Phyllis
			Priscilla Rachel Ramona Rebecca Regina Rhonda Rita Roberta Robin Rosa Rose Rosemary Roxanne Ruby Ruth Sabrina Sally Samantha Sandra Sara Selma
			Shannon Sharon Sheila Shelley Sherry Shirley Sierra Silvia Sonia Sophia Stacy Stella Stephanie Sue Susan Suzanne Sylvia Tamara Tanya Tara Teresa
			Thelma Tiffany Tina Toni Tracy Ursula Valerie Vanessa Vera Veronica Vicki Victoria Viola Violet Virginia Vivian Wanda Wendy Whitney Wilma
			Yolanda Yvette Yvonne Zoe`),
		male: strings.Fields(`Aaron Abraham Adam Adrian Alan Albert Alec Alejandro Alexander Alfred Allen Alvin Andre Andrew Angelo Anthony Antonio Archie
			Arnold Arthur Barry Ben Benjamin Bernard Bill Billy Blake Bob Brad Bradley Brandon Brendan Brent Brett Brian Bruce Bryan Byron Calvin Cameron Carl
			Carlos Casey Cecil Cedric Chad Charles Chester Chris Christian Christopher Clarence Claude Clayton Clifford Clinton Clyde Cody Colin Connor Corey
			Craig Curtis Dale Damon Daniel Darrell Darren Daryl Dave David Dean Dennis Derek Derrick Dominic Don Donald Doug Douglas Duane Dustin Dwayne
			Dwight Dylan Earl Eddie Edgar Edmund Eduardo Edward Edwin Eli Elias Elliott Elmer Emmett Enrique Eric Ernest Ethan Eugene Evan Everett Felix
			Fernando Floyd Francis Francisco Frank Franklin Fred Frederick Gabriel Garrett Gary Gavin Gene Geoffrey George Gerald Gilbert Glenn Gordon Graham
			Grant Greg Gregory Guy Harold Harry Harvey Hector Henry Herbert Herman Homer Horace Howard Hugh Hugo Ian Ira Isaac Ivan Jack Jacob Jaime Jake
			James Jared Jason Javier Jay Jeff Jeffrey Jeremy Jerome Jerry Jesse Jim Jimmy Joe Joel John Johnny Jon Jonathan Jordan Jorge Jose Joseph Joshua
			Juan Julian Justin Karl Keith Ken Kenneth Kent Kevin Kirk Kurt Kyle Lance Larry Lawrence Lee Leo Leon Leonard Leroy Lester Lewis Lionel Lloyd
			Logan Lonnie Louis Lucas Luis Luke Luther Malcolm Manuel Marc Marcus Mario Mark Marshall Martin Marvin Mathew Matt Matthew Maurice Max Melvin
			Michael Miguel Mike Miles Milton Mitchell Morris Nathan Neil Nelson Nicholas Noah Noel Norman Oliver Omar Orlando Oscar Otis Owen Patrick Paul
			Pedro Perry Peter Philip Rafael Ralph Ramon Randall Randy Ray Raymond Reginald Ricardo Richard Rick Robert Rodney Roger Roland Roman Ron Ronald
			Ross Roy Ruben Rudolph Russell Ryan Salvador Sam Samuel Scott Sean Sergio Seth Shane Shaun Sidney Simon Spencer Stanley Stephen Steve Stuart
			Ted Terrence Terry Theodore Thomas Tim Timothy Toby Todd Tom Tommy Tony Travis Trevor Troy Tyler Vernon Victor Vincent Virgil Wade Wallace Walter
			Warren Wayne Wesley Wilbur Will Willard William Willie Zachary`),
		last:   last,
		titles: [3]string{"Ms.", "Mr.", "Dr."},
	}
}

// morePeople are the names of other languages, by locale.
func morePeople() map[string]*people {
	return map[string]*people{
		"de": {
			female: strings.Fields(`Alina Andrea Angelika Anja Anke Anna Annika Antje Astrid Barbara Beate Birgit Brigitte Britta Carina Charlotte Christa
				Christiane Claudia Cornelia Dagmar Daniela Doris Elena Elisabeth Elke Emma Erika Eva Franziska Frieda Gabriele Gerda Gisela Greta Gudrun Hanna
				Heike Helga Hilde Ilse Ines Ingrid Irmgard Jana Johanna Jutta Karin Katharina Katrin Kerstin Klara Lea Lena Lina Luisa Maja Manuela Margarete
				Marie Marion Marlene Martina Melanie Mia Michaela Monika Nadine Nele Nicole Petra Regina Renate Sabine Sandra Sarah Silke Simone Sonja Sophie
				Stefanie Susanne Svenja Tanja Theresa Ulrike Ursula Ute Waltraud`),
			male: strings.Fields(`Achim Albert Alexander Andreas Anton Armin Arne Axel Benjamin Bernd Bernhard Bjoern Carsten Christian Christoph Daniel David
				Dennis Detlef Dieter Dirk Dominik Eberhard Elias Emil Erich Erik Ernst Fabian Felix Florian Frank Franz Friedrich Fritz Georg Gerd Gerhard
				Guenter Hannes Hans Harald Heinrich Heinz Helmut Henrik Herbert Hermann Holger Horst Ingo Jakob Jan Jannik Jens Joachim Johannes Jonas Julian
				Karl Klaus Konrad Kurt Lars Leon Lothar Ludwig Lukas Manfred Marcel Marco Mario Markus Martin Matthias Max Michael Moritz Nico Niklas Norbert
				Oliver Oskar Otto Patrick Paul Peter Philipp Rainer Ralf Reinhard Robert Roland Rolf Rudolf Sebastian Simon Stefan Sven Theo Thomas Thorsten Tim
				Tobias Tom Udo Uwe Volker Walter Werner Wilhelm Wolfgang`),
			last: strings.Fields(`Albrecht Arnold Bauer Baumann Beck Becker Berger Bergmann Boehm Brandt Braun Busch Dietrich Engel Fischer Franke Frank Friedrich
				Fuchs Graf Gross Guenther Haas Hahn Hartmann Heinrich Herrmann Hoffmann Hofmann Horn Huber Jaeger Jung Kaiser Keller Klein Koch Koehler Koenig
				Kraemer Kraus Krause Krueger Kuehn Kuhn Lang Lange Lehmann Lorenz Ludwig Maier Martin Mayer Meier Meyer Moeller Mueller Neumann Otto Peters Pfeiffer
				Pohl Richter Roth Sauer Schaefer Schmid Schmidt Schmitt Schmitz Schneider Scholz Schreiber Schroeder Schubert Schulte Schulz Schulze Schumacher
				Schuster Schwarz Seidel Simon Sommer Stein Thomas Vogel Vogt Voigt Wagner Walter Weber Weiss Werner Winkler Winter Wolf Wolff Ziegler Zimmermann`),
			titles: [3]string{"Frau", "Herr", "Dr."},
		},
		"fr": {
			female: strings.Fields(`Adele Agathe Agnes Alice Amandine Anais Anne Audrey Aurelie Beatrice Brigitte Camille Caroline Catherine Cecile Celine Chantal
				Charlotte Chloe Christine Claire Clara Clemence Colette Corinne Danielle Delphine Denise Diane Elise Elodie Emilie Emma Estelle Eva Fabienne
				Florence Francoise Gabrielle Genevieve Helene Ines Isabelle Jacqueline Jade Jeanne Josephine Julie Juliette Justine Karine Laetitia Laure
				Laurence Lea Louise Lucie Madeleine Manon Margaux Marguerite Marie Marine Marion Martine Mathilde Melanie Michele Monique Mylene Nathalie Nicole
				Noemie Odile Pauline Sabrina Sandrine Sarah Solene Sophie Stephanie Suzanne Sylvie Valerie Veronique Virginie Yvette Zoe`),
			male: strings.Fields(`Adrien Alain Albert Alexandre Alexis Andre Antoine Armand Arnaud Arthur Aurelien Bastien Benjamin Benoit Bernard Bruno Cedric
				Charles Christian Christophe Claude Clement Cyril Damien Daniel David Denis Didier Dominique Edouard Emile Emmanuel Eric Etienne Fabien Fabrice
				Florian Francis Franck Francois Frederic Gabriel Gaston Georges Gerard Gilbert Gilles Gregory Guillaume Guy Henri Herve Hugo Jacques Jean Jeremy
				Jerome Joel Jules Julien Laurent Leo Leon Loic Louis Luc Lucas Marc Marcel Mathieu Maurice Maxime Michel Nathan Nicolas Noel Olivier Pascal Patrick
				Paul Philippe Pierre Quentin Raphael Raymond Remi Rene Robert Robin Roger Romain Samuel Sebastien Serge Simon Stephane Sylvain Theo Thibault Thierry
				Thomas Valentin Victor Vincent Xavier Yann Yves`),
			last: strings.Fields(`Adam Andre Arnaud Aubert Barbier Benoit Berger Bernard Bertrand Blanc Blanchard Bonnet Boucher Bourgeois Boyer Brun Brunet Caron
				Charpentier Chevalier Clement Colin Collet David Denis Deschamps Dufour Dumas Dumont Dupont Dupuis Durand Duval Etienne Fabre Faure Fernandez
				Fleury Fontaine Fournier Francois Gaillard Garnier Gautier Gauthier Gerard Girard Giraud Guerin Guillaume Henry Hubert Huet Jacquet Jean Joly Julien
				Lacroix Lambert Laurent Leclerc Lecomte Lefebvre Legrand Lemaire Lemoine Leroux Leroy Louis Lucas Marchand Marie Martin Martinez Masson Mathieu
				Mercier Meunier Meyer Michel Moreau Morel Morin Muller Nicolas Noel Olivier Perrin Petit Philippe Picard Pierre Renard Renaud Rey Richard Riviere
				Robert Robin Roche Roger Rolland Rousseau Roussel Roux Roy Schmitt Simon Thomas Vidal Vincent`),
			titles: [3]string{"Mme", "M.", "Dr"},
		},
		"es": {
			female: strings.Fields(`Adriana Alba Alicia Alejandra Amparo Ana Andrea Angeles Antonia Beatriz Belen Blanca Carla Carlota Carmen Carolina Catalina
				Cecilia Clara Claudia Concepcion Consuelo Cristina Daniela Dolores Elena Elisa Elvira Emilia Encarnacion Esperanza Esther Eugenia Eva Fatima
				Francisca Gabriela Gloria Guadalupe Ines Inmaculada Irene Isabel Josefa Juana Julia Laura Leonor Lorena Lourdes Lucia Luisa Magdalena Manuela
				Margarita Maria Marina Marta Mercedes Miriam Monica Montserrat Natalia Noelia Nuria Olga Paloma Patricia Paula Pilar Raquel Rocio Rosa Rosario
				Sandra Sara Silvia Sofia Soledad Sonia Susana Teresa Valentina Valeria Vanesa Veronica Victoria Virginia Yolanda`),
			male: strings.Fields(`Adrian Agustin Alberto Alejandro Alfonso Alfredo Alvaro Andres Angel Antonio Arturo Benito Carlos Cesar Cristian Daniel David
				Diego Domingo Eduardo Emilio Enrique Ernesto Esteban Eugenio Felipe Felix Fernando Francisco Gabriel Gerardo German Gonzalo Gregorio Guillermo Hector
				Hugo Ignacio Ismael Ivan Jaime Javier Jesus Joaquin Jorge Jose Juan Julian Julio Leandro Lorenzo Lucas Luis Manuel Marcos Mariano Mario Martin
				Mateo Miguel Moises Nicolas Oscar Pablo Pascual Pedro Rafael Ramon Raul Ricardo Roberto Rodrigo Ruben Salvador Samuel Santiago Sebastian Sergio
				Tomas Vicente Victor`),
			last: strings.Fields(`Aguilar Alonso Alvarez Arias Benitez Blanco Bravo Caballero Cabrera Calvo Campos Cano Carmona Castillo Castro Cortes Crespo Cruz
				Delgado Diaz Diez Dominguez Duran Esteban Fernandez Ferrer Flores Fuentes Gallardo Gallego Garcia Garrido Gil Gimenez Gomez Gonzalez Guerrero
				Gutierrez Hernandez Herrera Herrero Hidalgo Iglesias Jimenez Leon Lopez Lorenzo Lozano Marin Marquez Martin Martinez Medina Mendez Molina Montero
				Mora Morales Moreno Moya Munoz Navarro Nieto Nunez Ortega Ortiz Pascual Pastor Pena Perez Prieto Ramirez Ramos Reyes Rivera Rodriguez Rojas Roman
				Romero Rubio Ruiz Saez Sanchez Santana Santiago Santos Sanz Serrano Silva Soler Soto Suarez Torres Vargas Vazquez Vega Velasco Vicente Vidal`),
			titles: [3]string{"Sra.", "Sr.", "Dr."},
		},
		"it": {
			female: strings.Fields(`Adriana Agnese Alba Alessandra Alessia Alice Angela Anna Antonella Arianna Aurora Barbara Beatrice Bianca Camilla Carla Carlotta
				Carmela Caterina Cecilia Chiara Cinzia Clara Claudia Cristina Daniela Debora Diana Donatella Elena Eleonora Elisa Elisabetta Emanuela Emma Enrica
				Federica Fiorella Flavia Francesca Gaia Giada Giorgia Giovanna Giulia Giuseppina Grazia Greta Ilaria Irene Isabella Laura Lidia Livia Lorenza Lucia
				Luisa Maddalena Manuela Margherita Maria Marina Marta Martina Matilde Michela Miriam Monica Nadia Nicoletta Noemi Ornella Paola Patrizia Raffaella
				Rita Roberta Rosa Sabrina Sara Serena Silvana Silvia Simona Sofia Sonia Stefania Susanna Teresa Tiziana Valentina Valeria Vanessa Veronica
				Viola Virginia Vittoria`),
			male: strings.Fields(`Adriano Alberto Aldo Alessandro Alessio Alfredo Andrea Angelo Antonio Armando Arturo Bruno Carlo Cesare Claudio Corrado Cristian
				Daniele Dario Davide Diego Domenico Edoardo Elia Emanuele Enrico Enzo Ettore Fabio Fabrizio Federico Filippo Flavio Franco Francesco Gabriele
				Gaetano Giacomo Gianluca Gianni Giorgio Giovanni Giulio Giuseppe Guido Ivan Jacopo Leonardo Lorenzo Luca Luciano Luigi Manuel Marcello Marco Mario
				Massimo Matteo Mattia Maurizio Mauro Michele Mirko Nicola Nicolo Paolo Pasquale Pietro Raffaele Renato Renzo Riccardo Roberto Rocco Salvatore
				Samuele Sandro Sergio Silvio Simone Stefano Tommaso Umberto Valerio Vincenzo Vittorio Walter`),
			last: strings.Fields(`Amato Barbieri Basile Battaglia Bellini Benedetti Bernardi Bianchi Bianco Bruno Caputo Caruso Castelli Cattaneo Cirillo Colombo
				Conte Conti Coppola Costa Costantini Donati Esposito Fabbri Farina Ferrara Ferrari Ferraro Ferretti Ferri Fiore Fontana Franco Fumagalli Galli Gallo
				Garofalo Gatti Gentile Giordano Giuliani Grassi Grasso Greco Guerra Guidi Leone Lombardi Lombardo Longo Mancini Marchetti Mariani Marini Marino Martinelli
				Martini Martino Mazza Messina Milani Monti Morelli Moretti Morini Napolitano Negri Neri Orlando Ortolani Pace Pagano Palmieri Palumbo Parisi Pellegrini
				Pellegrino Piras Poli Ricci Rinaldi Riva Rizzi Rizzo Romano Rossetti Rossi Ruggiero Russo Sala Sanna Santini Santoro Serra Silvestri Sorrentino Testa
				Valentini Ventura Villa Vitale Vitali`),
			titles: [3]string{"Sig.ra", "Sig.", "Dott."},
		},
		"nl": {
			female: strings.Fields(`Anja Anke Anna Anne Annemarie Anouk Astrid Babette Bianca Carla Carolien Chantal Charlotte Claudia Corrie Danielle Daphne
				Demi Elisa Elly Elsa Emma Esther Eva Evelien Femke Fenna Fleur Floor Gerda Greetje Hanna Hanneke Hilde Ilse Ineke Inge Ingrid Irene Iris Isa Jacqueline
				Janneke Jolanda Josephine Julia Karin Kim Laura Lieke Lisa Lotte Maaike Manon Marga Margriet Maria Marieke Marijke Marjan Marleen Marloes Martine Mieke
				Miranda Mirjam Monique Nadia Nienke Nina Noa Olga Patricia Petra Renate Ria Rianne Roos Sandra Sanne Saskia Sofie Susanne Sylvia Tessa Thea
				Tineke Truus Wendy Wilma Yvonne Zoe`),
			male: strings.Fields(`Aad Adriaan Albert Alex Andre Arjan Arjen Arnold Bart Bas Ben Bernard Bert Boris Bram Casper Chris Cor Daan Daniel David Dennis
				Dick Dirk Edwin Erik Erwin Evert Ferdinand Finn Floris Frank Frans Frits Geert Gerard Gerrit Gert Gijs Guus Hans Harm Harry Hendrik Henk Herman Hugo
				Jaap Jacob Jan Jasper Jeroen Jesse Job Johan Joost Joris Jos Jurgen Kees Klaas Koen Laurens Leo Lucas Luuk Maarten Marcel Marco Mark Martijn Martin Mats
				Max Michiel Niels Olivier Patrick Paul Peter Piet Pieter Pim Remco Rene Richard Rik Rob Robert Robin Roel Ronald Ruben Rutger Sander Sem Simon
				Sjoerd Stefan Sven Theo Thijs Thomas Tim Tom Ton Vincent Wessel Willem Wim Wouter`),
			last: strings.Fields(`Bakker Beekman Berends Blom Boer Bos Bosch Bosman Bouwman Brouwer Bruin Dekker Dijkstra Driessen Evers Geerts Gerritsen Groen Groot
				Haan Hendriks Hermans Hoekstra Hofman Huisman Jacobs Jansen Janssen Jonker Kok Koning Koster Kramer Kuiper Kuipers Lammers Langen Maas Martens Meijer
				Mertens Meulen Molenaar Mulder Peters Postma Prins Sanders Schaap Scholten Schouten Schuurman Smeets Smit Smits Timmermans Veenstra Verhoeven Verkerk
				Vermeulen Visser Vos Vries Wal Wijk Willems Willemsen Wit Wolters Wouters Zijlstra`),
			titles: [3]string{"Mw.", "Dhr.", "Dr."},
		},
		"pl": {
			female: strings.Fields(`Agata Agnieszka Aleksandra Alicja Amelia Anna Antonina Barbara Beata Bozena Cecylia Celina Danuta Daria Dominika Dorota Edyta
				Elzbieta Emilia Ewa Felicja Gabriela Grazyna Halina Hanna Helena Honorata Ilona Irena Iwona Izabela Jadwiga Janina Joanna Jolanta Julia Justyna Kamila
				Karolina Katarzyna Kinga Klaudia Krystyna Laura Lena Lidia Lucyna Magdalena Malgorzata Maria Marianna Marta Martyna Milena Monika Natalia Nina Olga
				Oliwia Patrycja Paulina Regina Renata Roksana Sandra Stanislawa Sylwia Teresa Urszula Wanda Weronika Wiktoria Zofia Zuzanna`),
			male: strings.Fields(`Adam Adrian Aleksander Andrzej Antoni Arkadiusz Artur Bartosz Bartlomiej Blazej Bogdan Boguslaw Boleslaw Cezary Czeslaw Damian
				Daniel Dariusz Dawid Dominik Edward Eryk Eugeniusz Filip Franciszek Fryderyk Gabriel Grzegorz Henryk Hubert Ignacy Ireneusz Jacek Jakub Jan Janusz
				Jaroslaw Jerzy Jozef Julian Kacper Kamil Karol Kazimierz Konrad Krystian Krzysztof Leon Leszek Lukasz Maciej Marcin Marek Marian Mariusz Mateusz
				Michal Mieczyslaw Mikolaj Miroslaw Norbert Oskar Patryk Pawel Piotr Przemyslaw Radoslaw Rafal Robert Roman Ryszard Sebastian Slawomir Stanislaw Stefan
				Szymon Tadeusz Tomasz Tymoteusz Wiktor Witold Wladyslaw Wojciech Zbigniew Zdzislaw Zygmunt`),
			last: strings.Fields(`Adamczyk Andrzejczak Bak Banas Baran Biernat Bielak Borek Chmiel Cieslak Cygan Czarnota Domagala Duda Dudek Dudziak Filipek Gajda
				Gajek Gawron Glowacz Gora Graczyk Gruszka Grzyb Jagoda Janik Jasek Jedynak Jurek Kaczmarek Kalinka Kania Karas Kasprzak Kaczor Klimek Kmiecik Kolodziej
				Kopec Kosmala Kot Kowal Kowalczyk Kozak Koziol Krol Krupa Kruk Kubiak Kucharczyk Kula Kurek Kwiecien Lis Lisek Madej Majcher Majewicz Marciniak Markiewicz
				Maslanka Matuszak Mazur Mazurek Michalak Mroz Musial Nowacki Nowak Olszak Osuch Pajak Pawlak Piech Pietrzak Polak Przybyla Ptak Rogala Rybak Sikora Skiba
				Sobczak Sowa Stachowiak Stasiak Stepien Strzelczyk Szczepaniak Szewczyk Szymczak Tomczak Urban Walczak Wawrzyniak Wilk Wojcik Wojtas Wozniak Wrobel Zajac
				Zak Zaremba Zieba`),
			titles: [3]string{"Pani", "Pan", "Dr"},
		},
		"se": {
			female: strings.Fields(`Agneta Alice Alva Amanda Anette Anita Anja Ann Anna Annika Astrid Barbro Berit Birgitta Britt Camilla Caroline Cecilia Charlotta
				Christina Ebba Elin Elisabeth Ella Ellen Elsa Emelie Emma Erika Eva Filippa Frida Gerd Gunilla Gunvor Hanna Hedvig Helena Ida Inga Inger Ingrid Irene
				Isabelle Jenny Johanna Josefin Julia Karin Karolina Katarina Kerstin Klara Kristina Lena Lina Linda Linnea Lisa Lovisa Maj Maja Malin Margareta Maria
				Marie Marianne Matilda Moa Monica Nathalie Olivia Pernilla Petra Pia Ronja Rut Sandra Sara Selma Signe Sigrid Siv Sofia Sonja Stina Susanne Therese
				Tilda Tyra Ulla Ulrika Viktoria Wilma Yvonne`),
			male: strings.Fields(`Adam Albin Alexander Anders Andreas Anton Arne Arvid Axel Bengt Bertil Bjorn Bo Carl Christer Christian Dag Daniel David Edvin Elias
				Emil Erik Erling Evert Filip Folke Fredrik Georg Gosta Gunnar Gustav Hakan Hampus Hans Harald Henrik Henning Hjalmar Hugo Ingemar Ingvar Isak Ivar Jan
				Jens Jesper Joakim Johan Johannes John Jonas Jorgen Josef Karl Kenneth Kent Kjell Klas Kristoffer Kurt Lars Leif Lennart Linus Love Ludvig Magnus Marcus
				Martin Mats Mattias Max Melker Mikael Nils Olle Olof Oscar Oskar Ove Pelle Per Peter Petter Pontus Ragnar Rickard Robert Robin Roger Roland Rolf Rune
				Sebastian Simon Sixten Stefan Sten Stig Sture Sven Tage Thomas Tobias Tommy Tore Torsten Ulf Urban Viktor Ville William`),
			last: strings.Fields(`Ahlberg Andersson Aberg Axelsson Bengtsson Berg Berggren Berglund Bergman Bergqvist Bergstrom Bjork Bjorklund Blom Blomqvist Danielsson
				Dahl Dahlberg Ek Eklund Ekstrom Engstrom Eriksson Falk Forsberg Fransson Fredriksson Gunnarsson Gustafsson Hansson Hedlund Hellstrom Henriksson Hermansson
				Holm Holmberg Holmgren Holmqvist Isaksson Jakobsson Jansson Johansson Jonasson Jonsson Karlsson Larsson Lind Lindberg Lindgren Lindholm Lindqvist Lindstrom
				Lofgren Lundberg Lundgren Lundin Lundqvist Lundstrom Magnusson Martinsson Mattsson Mansson Martensson Nilsson Nordin Norberg Nordstrom Nyberg Nystrom Ohlsson
				Olofsson Olsson Persson Pettersson Samuelsson Sandberg Sandstrom Sjoberg Sjogren Soderberg Soderstrom Stromberg Sundberg Sundstrom Svensson Viklund Wallin
				Wikstrom`),
			titles: [3]string{"Fru", "Herr", "Dr"},
		},
		"br": {
			female: strings.Fields(`Adriana Alessandra Alice Aline Amanda Ana Andreia Angela Antonia Aparecida Beatriz Bianca Bruna Camila Carla Carolina Cecilia
				Clara Claudia Cristiane Cristina Daniela Debora Denise Edna Elaine Eliane Elisa Eloisa Emanuela Fabiana Fernanda Flavia Francisca Gabriela Giovana
				Gisele Helena Heloisa Ingrid Irene Isabel Isabela Ivone Jessica Joana Joice Julia Juliana Karina Larissa Laura Leticia Ligia Livia Lucia Luciana Luiza
				Manuela Marcela Marcia Maria Mariana Marina Marta Melissa Michele Monica Natalia Nicole Olivia Patricia Paula Priscila Rafaela Raquel Regina Renata
				Rita Roberta Rosa Rosana Sabrina Sandra Silvia Simone Sofia Sonia Sueli Tatiana Teresa Valeria Vanessa Vera Vitoria Viviane Yasmin`),
			male: strings.Fields(`Adriano Alberto Alex Alexandre Anderson Andre Antonio Arthur Augusto Benedito Bernardo Bruno Caio Carlos Celso Cesar Claudio Cristiano
				Daniel Danilo Davi Diego Douglas Edson Eduardo Emerson Enzo Erick Evandro Fabio Felipe Fernando Flavio Francisco Gabriel Geraldo Gilberto Guilherme
				Gustavo Heitor Henrique Hugo Igor Ivan Jaime Joao Joaquim Jonas Jorge Jose Julio Kaique Leandro Leonardo Lorenzo Lucas Luciano Luis Luiz Marcelo
				Marcio Marcos Mario Mateus Mauricio Mauro Miguel Milton Murilo Nelson Nicolas Otavio Pablo Paulo Pedro Rafael Raimundo Raul Renan Renato Ricardo
				Roberto Rodrigo Rogerio Ronaldo Samuel Sebastiao Sergio Thiago Tomas Valter Vicente Victor Vinicius Vitor Wagner Wesley William Yuri`),
			last: strings.Fields(`Almeida Alves Amaral Andrade Antunes Araujo Assis Azevedo Barbosa Barros Bastos Batista Bezerra Borges Braga Brito Campos Cardoso Carvalho
				Castro Cavalcante Cordeiro Correia Costa Coutinho Cruz Cunha Dantas Dias Duarte Esteves Farias Fernandes Ferreira Figueiredo Fonseca Franco Freitas Garcia
				Gomes Goncalves Guimaraes Henriques Leal Leite Lima Lopes Macedo Machado Maciel Magalhaes Marinho Marques Martins Matos Medeiros Melo Mendes Menezes
				Miranda Monteiro Moraes Moreira Moura Nascimento Neves Nogueira Nunes Oliveira Pacheco Paiva Peixoto Pereira Pinheiro Pinto Pires Queiroz Ramos Reis Rezende
				Ribeiro Rocha Rodrigues Sales Sampaio Santana Santos Silva Siqueira Soares Sousa Souza Tavares Teixeira Toledo Torres Vargas Vasconcelos Vaz Viana Vieira
				Xavier`),
			titles: [3]string{"Sra.", "Sr.", "Dr."},
		},
	}
}
